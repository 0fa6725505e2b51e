// Runs one shard of a suite: each pair of engines is loaded once and sees its prompts one after the
// other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"
#include "prompt/template_renderer.h"
#include "results/floor.h"
#include "results/suite.h"
#include "suite/manifest.h"
#include "suite/prompts.h"
#include "suite/suite_file.h"

namespace crossval {

/// Told about the run as it goes, from the caller's thread.
class SuiteObserver {
 public:
  virtual ~SuiteObserver() = default;
  /// A pair's engines load. `done` of `planned` prompts of all pairs are finished.
  virtual void loading(const std::string& pair, int64_t done, int64_t planned) = 0;
  virtual void evaluating(const std::string& pair, const std::string& prompt, int64_t done,
                          int64_t planned) = 0;
  virtual void finished(const SuitePromptResult& result) = 0;
};

/// The noise floor of a pair's reference.
struct SuiteFloor {
  Floor floor;
  std::string path;
  std::function<Result<std::unique_ptr<Engine>>()>
      open_pair{};  // the reference under the setting of the floor's pair
};

/// `what` is a file or "auto"; the engine has been loaded as `spec` and `defaults` say.
using FloorFinder =
    std::function<Result<SuiteFloor>(const std::string& what, const EngineSpec& spec,
                                     const EngineDefaults& defaults, Engine& engine)>;

struct ShardPlan {
  const Suite& suite;
  const Manifest& manifest;
  std::span<const SuitePrompt> prompts;  // all of the suite
  std::string folder;                    // of the results
  int32_t shard = 0;
  bool resume = false;
  int threads = 1;  // of each engine
  std::string cache_folder;
  FloorFinder find_floor;
};

/// Runs what of the shard is not finished. A prompt that ends an engine is noted with the engine's
/// error, and the engine is loaded anew; what was finished is kept whatever happens. Errors: those
/// of ShardWriter; bad_input_file and engine_failed (an engine cannot be loaded: its prompts stay
/// unfinished, other pairs go on); interrupted.
Result<void> run_shard(const ShardPlan& plan, const TemplateRenderer& renderer,
                       const Launch& launch, SuiteObserver& observer);

/// One prompt's comparison as it is kept.
SuitePromptResult suite_result(int32_t prompt, const Comparison& comparison);

}  // namespace crossval
