// What the command line lends to the launching of engines: its stderr and Ctrl-C.
#pragma once

#include <memory>
#include <stop_token>

#include "base/error.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "launch/prompted_engine.h"
#include "launch/prompted_pair.h"

namespace crossval {

/// `files`: those that the run has opened so far.
Launch launch_from(const Console& console, const OpenedFiles& files, std::stop_token stop);

/// Each can be interrupted while it renders.
TemplateRenderer template_renderer(const Console& console);

/// One engine with its prompt. Errors: those of prompt_request, choose_prompted_engine and
/// open_prompted_engine, in this order.
struct OpenedEngine {
  std::unique_ptr<Interruption> interruption;  // from when the prompt has been read; the engine's
  PromptedEngine prompted;
};
Result<OpenedEngine> open_engine(const EngineChoice& choice, const PromptOptions& prompt,
                                 const Console& console);

/// The two of a comparison, likewise. `progress` is told when they load; may be null.
struct OpenedPair {
  OpenedFiles files;  // that have been opened for them
  std::unique_ptr<Interruption> interruption;
  PromptedPair prompted;

  std::stop_token stop() const { return interruption->token(); }
};
Result<OpenedPair> open_pair(const PairChoice& choice, const PromptOptions& prompt,
                             const Console& console, Progress* progress);

}  // namespace crossval
