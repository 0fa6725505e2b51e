// The two engines of a comparison, made; or why that is not possible, in the better words of the
// two.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "base/error.h"
#include "engine/engine.h"
#include "gguf/opened_files.h"
#include "launch/choice.h"
#include "launch/launch.h"
#include "recording/prompt_chunks.h"

namespace crossval {

/// Which engines are to run, checked, and how; both with the same context.
struct ChosenPair {
  EnginePairSpecs engines;
  EngineDefaults defaults;
  std::optional<PromptChunks> chunks{};  // that a side has rows of, with EngineDefaults::by_chunks
  double resolution = 0;                 // of ln p, where files of rows round it: of both
};

/// Checks the engines and finds what context the models allow, also where they differ. Errors:
/// those of engine_pair, read_prompt_chunks and context_size, in this order.
Result<ChosenPair> choose_pair(const PairChoice& choice, const OpenedFiles& files);

struct MadePair {
  std::unique_ptr<Engine> candidate, reference;
};

/// Makes the candidate, then the reference. Where an engine fails the other one is asked as well:
/// it may refuse the same file with a reason, and that is what is told first. Errors: those of
/// make_engine.
Result<MadePair> make_pair(const EnginePairSpecs& pair, const EngineDefaults& defaults,
                           const Launch& launch);

/// Likewise; what a recorded engine was asked to do differently is asked of it here too, and so
/// goes into the pair's asked differences, and how files of rows round into its resolution. Beside
/// rows of chunks the other side is an engine that evaluates these.
Result<MadePair> make_chosen_pair(ChosenPair& pair, const Launch& launch);

/// Of two failures to begin the one that gives a reason (a refusal, not an end), with the other one
/// in its hint.
Error told_together(Error first, Error second);

}  // namespace crossval
