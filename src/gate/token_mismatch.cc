#include "gate/token_mismatch.h"

#include <algorithm>
#include <string_view>

#include "gate/token_text.h"

namespace crossval {
namespace {

constexpr size_t kWindow = 4;  // tokens shown on each side of the differing ones
constexpr size_t kMostDiffering = 12;

std::vector<WindowToken> window(const TokenSide& side, const std::vector<TextRange>& ranges,
                                size_t begin, size_t end) {
  const size_t differing_end = std::min(end, begin + kMostDiffering);
  std::vector<WindowToken> tokens;
  const size_t first = begin > kWindow ? begin - kWindow : 0;
  for (size_t i = first; i < std::min(side.ids.size(), differing_end + kWindow); ++i) {
    tokens.push_back({i, side.ids[i], side.pieces[i], ranges[i], i >= begin && i < differing_end});
  }
  return tokens;
}

// Under two vocabularies equal ids mean nothing: what differs in the text is seen in the pieces.
std::vector<TokenHunk> align_pieces(const TokenGateInput& input) {
  std::map<std::string_view, int32_t> numbers;
  const auto numbered = [&](const TokenSide& side) {
    std::vector<int32_t> result;
    result.reserve(side.pieces.size());
    for (const std::string& piece : side.pieces) {
      result.push_back(numbers.emplace(piece, static_cast<int32_t>(numbers.size())).first->second);
    }
    return result;
  };
  const std::vector<int32_t> candidate = numbered(input.candidate);
  return align_tokens(candidate, numbered(input.reference));
}

// Other merges are what another vocabulary is: they explain nothing beside it.
std::optional<TokenCause> find_text_cause(const TokenGateInput& input) {
  for (const TokenHunk& hunk : align_pieces(input)) {
    TokenCause cause = explain_hunk(input, hunk);
    if (cause.name != "merge-order" && cause.name != "unexplained") return cause;
  }
  return std::nullopt;
}

size_t start_of(const std::vector<TextRange>& ranges, size_t index, size_t text_size) {
  return index < ranges.size() ? ranges[index].begin : text_size;
}

}  // namespace

std::optional<TokenMismatch> find_token_mismatch(const TokenGateInput& input) {
  TokenMismatch found;
  found.hunks = align_tokens(input.candidate.ids, input.reference.ids);
  if (found.hunks.empty()) return std::nullopt;
  const TokenHunk& first = found.hunks.front();
  const auto a_ranges = locate_pieces(input.text, input.candidate.pieces, input.candidate.bos_text);
  const auto b_ranges = locate_pieces(input.text, input.reference.pieces, input.reference.bos_text);
  found.index = first.a_begin;
  found.text_offset = std::min(start_of(a_ranges, first.a_begin, input.text.size()),
                               start_of(b_ranges, first.b_begin, input.text.size()));
  found.place = show_place(input.text, found.text_offset);
  if (auto other = find_other_vocabulary(input)) {
    found.cause = *std::move(other);
    found.further_cause = find_text_cause(input);
    found.causes[found.cause.name] = found.hunks.size();
  } else {
    found.cause = explain_hunk(input, first);
    for (const TokenHunk& hunk : found.hunks) ++found.causes[explain_hunk(input, hunk).name];
  }
  found.candidate_ids = input.candidate.ids;
  found.reference_ids = input.reference.ids;
  found.candidate_window = window(input.candidate, a_ranges, first.a_begin, first.a_end);
  found.reference_window = window(input.reference, b_ranges, first.b_begin, first.b_end);
  return found;
}

}  // namespace crossval
