#include "launch/recorded_pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace crossval {
namespace {

ModelFiles compare_models(const RecordingFacts& candidate, const RecordingFacts& reference) {
  ModelFiles models{false, "files of different SHA-256, by what was recorded", candidate.model,
                    reference.model};
  models.same = std::ranges::equal(models.candidate, models.reference, {}, &ModelPart::sha256,
                                   &ModelPart::sha256);
  if (models.same) models.how = "the same SHA-256, by what was recorded";
  return models;
}

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

}  // namespace

Result<RecordedPair> open_recorded_pair(const std::string& candidate,
                                        const std::string& reference) {
  RecordedPair pair;
  auto a = open_recording(candidate);
  if (!a) return tl::unexpected(a.error());
  auto b = open_recording(reference);
  if (!b) return tl::unexpected(b.error());
  pair.candidate = *std::move(a);
  pair.reference = *std::move(b);
  pair.prompt = pair.reference->facts().prompt;
  if (!same_prompt(pair.candidate->facts().prompt, pair.prompt))
    pair.candidate_prompt = pair.candidate->facts().prompt;
  pair.models = compare_models(pair.candidate->facts(), pair.reference->facts());
  for (const ReplayEngine* side : {pair.candidate.get(), pair.reference.get()}) {
    const auto& asked = side->facts().asked_differences;
    pair.asked_differences.insert(pair.asked_differences.end(), asked.begin(), asked.end());
  }
  const auto ours = pair.candidate->ids(), theirs = pair.reference->ids();
  const auto same = static_cast<size_t>(std::ranges::mismatch(ours, theirs).in1 - ours.begin());
  const auto prompt = static_cast<size_t>(pair.reference->prompt_positions());
  const bool cut_in_prompt = std::min(ours.size(), theirs.size()) < prompt;
  if (cut_in_prompt && same > 0 && same == std::min(ours.size(), theirs.size())) {
    pair.prompt.ids.assign(ours.begin(), ours.begin() + static_cast<ptrdiff_t>(same));
    pair.candidate_prompt.reset();
    pair.parting = Warning{"continuations-part", parting_text(ours, theirs, same)};
  } else if (same >= prompt) {
    pair.max_tokens = static_cast<int32_t>(same - prompt);
    if (same < std::max(ours.size(), theirs.size()))
      pair.parting = Warning{"continuations-part", parting_text(ours, theirs, same)};
  }
  return pair;
}

}  // namespace crossval
