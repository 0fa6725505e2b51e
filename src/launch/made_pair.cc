#include "launch/made_pair.h"

#include <utility>

#include "base/environment.h"
#include "launch/context_size.h"
#include "launch/engine_factory.h"
#include "launch/kinds/kinds.h"
#include "launch/paths.h"
#include "names/renamed_engine.h"
#include "recording/replay_engine.h"
#include "rowfiles/kl_base_chunks.h"

namespace crossval {
namespace {

// The reference's before the candidate's; none where rows of several prompts are not asked for.
Result<std::optional<PromptChunks>> chunks_of_pair(const EnginePairSpecs& pair,
                                                   const EngineDefaults& defaults) {
  if (!defaults.by_chunks) return std::nullopt;
  for (const EngineSpec* spec : {&pair.reference, &pair.candidate}) {
    if (spec->name != kReplay.name) continue;
    auto chunks = read_prompt_chunks(with_home(spec->operand));
    if (!chunks || *chunks) return chunks;
  }
  return std::nullopt;
}

}  // namespace

Error told_together(Error first, Error second) {
  if (first.code == ExitCode::interrupted) return first;
  if (second.code == ExitCode::interrupted) return second;
  if (first.code == ExitCode::engine_failed && second.code != ExitCode::engine_failed) {
    std::swap(first, second);
  }
  if (first.what == second.what && first.where == second.where) return first;
  std::string other = "The other engine: " + second.message();
  for (size_t at = 0; (at = other.find('\n', at)) != std::string::npos; at += 3) {
    other.replace(at, 1, "\n  ");
  }
  first.hint += (first.hint.empty() ? "" : "\n  ") + other;
  return first;
}

Result<MadePair> make_pair(const EnginePairSpecs& pair, const EngineDefaults& defaults,
                           const Launch& launch) {
  auto candidate = make_engine(pair.candidate, defaults, launch);
  // A refusal is a reason already; the other engine need not load for it.
  if (!candidate && candidate.error().code != ExitCode::engine_failed) {
    return tl::unexpected(candidate.error());
  }
  auto reference = make_engine(pair.reference, defaults, launch);
  if (!candidate && !reference) {
    return tl::unexpected(told_together(candidate.error(), reference.error()));
  }
  if (!candidate) return tl::unexpected(candidate.error());
  if (!reference) return tl::unexpected(reference.error());
  return MadePair{*std::move(candidate), *std::move(reference)};
}

Result<ChosenPair> choose_pair(const PairChoice& choice, const OpenedFiles& files) {
  auto engines = engine_pair(choice);
  if (!engines) return tl::unexpected(engines.error());
  EngineDefaults defaults = choice.defaults;
  auto chunks = chunks_of_pair(*engines, defaults);
  if (!chunks) return tl::unexpected(chunks.error());
  if (*chunks && !defaults.context && (*chunks)->length > kDefaultContext)
    defaults.context = (*chunks)->length;
  const auto context = context_size(
      defaults.context,
      {model_path(engines->candidate, defaults), model_path(engines->reference, defaults)}, files);
  if (!context) return tl::unexpected(context.error());
  defaults.context = *context;
  return ChosenPair{*std::move(engines), std::move(defaults), *std::move(chunks), 0};
}

Result<MadePair> make_chosen_pair(ChosenPair& pair, const Launch& launch) {
  auto made = make_pair(pair.engines, pair.defaults, launch);
  if (!made) return made;
  for (std::unique_ptr<Engine>* engine : {&made->candidate, &made->reference}) {
    const auto* recorded = dynamic_cast<const ReplayEngine*>(&unrenamed(**engine));
    if (pair.chunks && (recorded == nullptr || recorded->chunks() == nullptr))
      *engine = by_chunks(std::move(*engine), *pair.chunks);
    if (recorded == nullptr) continue;
    pair.resolution += recorded->resolution();
    std::vector<std::string>& asked = pair.engines.asked_differences;
    const auto& own = recorded->facts().asked_differences;
    asked.insert(asked.end(), own.begin(), own.end());
  }
  return made;
}

}  // namespace crossval
