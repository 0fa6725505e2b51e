#include "gate/token_mismatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "gate/text_difference.h"
#include "gate/token_alignment.h"
#include "gate/token_cause.h"
#include "gate/token_offsets.h"
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

size_t start_of(const std::vector<TextRange>& ranges, size_t index, size_t text_size) {
  return index < ranges.size() ? ranges[index].begin : text_size;
}

// Both sides' tokens in the texts they were made of.
struct Places {
  const TokenGateInput& input;
  std::vector<TextRange> a =
      locate_pieces(input.candidate.text, input.candidate.pieces, input.candidate.bos_text);
  std::vector<TextRange> b =
      locate_pieces(input.reference.text, input.reference.pieces, input.reference.bos_text);

  size_t begin(const TokenHunk& hunk) const {
    return std::min(start_of(a, hunk.a_begin, input.candidate.text.size()),
                    start_of(b, hunk.b_begin, input.reference.text.size()));
  }

  size_t end(const TokenHunk& hunk) const {
    return std::max(start_of(a, hunk.a_end, input.candidate.text.size()),
                    start_of(b, hunk.b_end, input.reference.text.size()));
  }
  TokenCause explain(const TokenHunk& hunk) const {
    const size_t from = begin(hunk);
    const std::string_view rest =
        input.candidate.text.substr(std::min(from, input.candidate.text.size()));
    return explain_hunk(input, hunk, rest.substr(0, end(hunk) - from));
  }
};

// Other merges are what another vocabulary is: they explain nothing beside it.
std::optional<TokenCause> find_text_cause(const Places& places) {
  for (const TokenHunk& hunk : align_pieces(places.input)) {
    TokenCause cause = places.explain(hunk);
    if (cause.name != "merge-order" && cause.name != "unexplained") return cause;
  }
  return std::nullopt;
}

TokenCause other_text(const TokenGateInput& input, const TextDifference& texts) {
  return {"other-text",
          fmt::format("{} and {} were given different texts", input.candidate.engine,
                      input.reference.engine),
          fmt::format("{} bytes beside {}, the same up to byte {}", input.candidate.text.size(),
                      input.reference.text.size(), texts.offset)};
}

}  // namespace

std::optional<TokenMismatch> find_token_mismatch(const TokenGateInput& input) {
  TokenMismatch found;
  found.hunks = align_tokens(input.candidate.ids, input.reference.ids);
  if (found.hunks.empty()) return std::nullopt;
  const TokenHunk& first = found.hunks.front();
  const Places places{input};
  found.index = first.a_begin;
  found.text_offset = places.begin(first);
  found.place = show_place(input.reference.text, found.text_offset);
  found.texts = find_text_difference(input.candidate.text, input.reference.text);
  if (auto other = find_other_vocabulary(input)) {
    found.cause = *std::move(other);
    found.further_cause = found.texts ? other_text(input, *found.texts) : find_text_cause(places);
    found.causes[found.cause.name] = found.hunks.size();
  } else if (found.texts && places.end(first) >= found.texts->offset) {
    found.cause = other_text(input, *found.texts);
    found.causes[found.cause.name] = found.hunks.size();
  } else {
    found.cause = places.explain(first);
    if (found.texts) found.further_cause = other_text(input, *found.texts);
    for (const TokenHunk& hunk : found.hunks) ++found.causes[places.explain(hunk).name];
  }
  found.candidate_ids = input.candidate.ids;
  found.reference_ids = input.reference.ids;
  found.candidate_window = window(input.candidate, places.a, first.a_begin, first.a_end);
  found.reference_window = window(input.reference, places.b, first.b_begin, first.b_end);
  return found;
}

}  // namespace crossval
