#include "launch/recorded_pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "launch/model_files.h"
#include "launch/run_file.h"

namespace crossval {
namespace {

bool same_prompt(const Prompt& a, const Prompt& b) {
  return a.text == b.text && a.ids == b.ids && a.tokenize.add_special == b.tokenize.add_special &&
         a.tokenize.parse_special == b.tokenize.parse_special && a.prepend_bos == b.prepend_bos;
}

std::string parting_text(std::span<const TokenId> a, std::span<const TokenId> b, size_t at) {
  if (at < a.size() && at < b.size()) {
    return fmt::format(
        "the recorded continuations part at position {}, token {} and token {}: "
        "what follows is not compared",
        at, a[at], b[at]);
  }
  if (a.size() == b.size()) return fmt::format("both recordings end after {} positions", a.size());
  return fmt::format(
      "the {}'s recording ends after {} positions, the other's after {}: what "
      "follows is not compared",
      a.size() < b.size() ? "candidate" : "reference", std::min(a.size(), b.size()),
      std::max(a.size(), b.size()));
}

// How many rows a side has of the ids that it names, or of any.
size_t rows_of(const ReplayEngine& side) {
  return side.ids().empty() ? static_cast<size_t>(side.prompt_positions()) : side.ids().size();
}

// Which row is of another place than the other side's; empty: none, or nobody knows.
std::string other_place(const ReplayEngine& candidate, const ReplayEngine& reference) {
  const auto ours = candidate.places(), theirs = reference.places();
  const size_t both = std::min(ours.size(), theirs.size());
  for (size_t i = 0; i < both; ++i) {
    if (ours[i] != theirs[i])
      return fmt::format("row {} has __index {} in the candidate's file and {} in the reference's",
                         i, ours[i], theirs[i]);
  }
  return {};
}

// Rows of which one side at least does not say whose they are: those of the first positions belong
// together.
void pair_by_place(RecordedPair& pair) {
  const auto ours = pair.candidate->ids(), theirs = pair.reference->ids();
  const size_t a = rows_of(*pair.candidate), b = rows_of(*pair.reference);
  const auto count = static_cast<ptrdiff_t>(std::min(a, b));
  const auto known = theirs.empty() ? ours : theirs;
  pair.prompt = {};
  pair.candidate_prompt.reset();
  if (known.empty()) {
    pair.prompt.ids.assign(static_cast<size_t>(count), 0);
    pair.notes.push_back(
        {"tokens-unknown",
         "neither file says which tokens its rows follow: they are taken to be the "
         "same, and stand here as token 0"});
  } else {
    pair.prompt.ids.assign(known.begin(), known.begin() + count);
    if (!ours.empty() &&
        !std::ranges::equal(ours.first(static_cast<size_t>(count)), pair.prompt.ids))
      pair.candidate_prompt.emplace().ids.assign(ours.begin(), ours.begin() + count);
  }
  if (std::string other = other_place(*pair.candidate, *pair.reference); !other.empty())
    pair.notes.push_back({"rows-of-other-places", std::move(other)});
  if (a != b) {
    pair.notes.push_back(
        {"rows-left-over", fmt::format("the candidate has {} rows and the reference {}: the first "
                                       "{} of both are compared",
                                       a, b, count)});
  }
}

// Prompt and continuation of two recordings, as far as they are the same.
void pair_by_tokens(RecordedPair& pair) {
  pair.prompt = pair.reference->facts().prompt;
  if (!same_prompt(pair.candidate->facts().prompt, pair.prompt))
    pair.candidate_prompt = pair.candidate->facts().prompt;
  const auto ours = pair.candidate->ids(), theirs = pair.reference->ids();
  const auto same = static_cast<size_t>(std::ranges::mismatch(ours, theirs).in1 - ours.begin());
  const auto prompt = static_cast<size_t>(pair.reference->prompt_positions());
  const size_t shorter = std::min(ours.size(), theirs.size());
  if (shorter < prompt && same > 0 && same == shorter) {  // cut off within the prompt
    pair.prompt.ids.assign(ours.begin(), ours.begin() + static_cast<ptrdiff_t>(same));
    pair.candidate_prompt.reset();
  } else if (same >= prompt) {
    pair.max_tokens = static_cast<int32_t>(same - prompt);
  }
  if (same < std::max({ours.size(), theirs.size(), prompt}) && same >= std::min(shorter, prompt))
    pair.notes.push_back({"continuations-part", parting_text(ours, theirs, same)});
}

}  // namespace

Result<RecordedPair> open_recorded_pair(const std::string& candidate,
                                        const std::string& reference) {
  RecordedPair pair;
  auto a = open_run_file(candidate);
  if (!a) return tl::unexpected(a.error());
  auto b = open_run_file(reference);
  if (!b) return tl::unexpected(b.error());
  pair.candidate = *std::move(a);
  pair.reference = *std::move(b);
  pair.candidate->assume_vocabulary(pair.reference->info().settings.n_vocab);
  pair.reference->assume_vocabulary(pair.candidate->info().settings.n_vocab);
  pair.models = compare_recorded(pair.candidate->facts().model, pair.reference->facts().model);
  bool by_tokens = true;
  for (const ReplayEngine* side : {pair.candidate.get(), pair.reference.get()}) {
    const auto& asked = side->facts().asked_differences;
    pair.asked_differences.insert(pair.asked_differences.end(), asked.begin(), asked.end());
    pair.resolution += side->resolution();
    by_tokens = by_tokens && side->has_recorded_prompt();
  }
  by_tokens ? pair_by_tokens(pair) : pair_by_place(pair);
  return pair;
}

}  // namespace crossval
