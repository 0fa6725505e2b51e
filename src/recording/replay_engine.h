// A recorded run as an engine: it answers what was asked when it was recorded, and nothing else.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "recording/facts.h"
#include "recording/prompt_chunks.h"

namespace crossval {

class ReplayEngine : public Engine {
 public:
  /// What the recording is of.
  virtual const RecordingFacts& facts() const = 0;
  /// The ids of the first run whose rows are all there, and how many of them are the prompt's.
  virtual std::span<const TokenId> ids() const = 0;
  virtual int32_t prompt_positions() const = 0;
  /// Whether facts().prompt is what the engine was given: else rows are known by their place alone.
  virtual bool has_recorded_prompt() const { return true; }
  /// Where its rows are not those of one prompt from position 0 on, so that no engine can be
  /// evaluated beside it: what to do. Else empty.
  virtual std::string not_beside_an_engine() const { return {}; }
  /// Where its rows are those of prompts that per-token evaluates one by one; else null.
  virtual const PromptChunks* chunks() const { return nullptr; }
  /// How far a row's ln p may be from what was computed, by the rounding of the format.
  virtual double resolution() const { return 0; }
  /// Where each row stands in a text that other files have rows of too; empty: not known.
  virtual std::span<const int32_t> places() const { return {}; }
  /// A file that does not tell how many tokens there are takes the other side's word.
  virtual void assume_vocabulary(int32_t /*n_vocab*/) {}
};

/// Its info is the recorded engine's, but for what the recording cannot do. Its tokenizer knows the
/// recorded texts and ids alone. Errors, here and from its functions: bad_input_file (no recording,
/// or a damaged one, with the offset; what was not recorded is asked for, with what there is).
Result<std::unique_ptr<ReplayEngine>> open_recording(const std::string& path);

}  // namespace crossval
