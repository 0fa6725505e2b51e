// The program that is checked, as the checks use it: an engine, or frame by frame.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "process/engine.h"
#include "process/worker_process.h"

namespace crossval {

using Settings = std::map<std::string, std::string>;

class CheckedProgram {
 public:
  explicit CheckedProgram(const ProcessOptions& options) : options_(options) {}

  /// As crossval uses it; a new one where the last one broke the protocol. Errors: those of
  /// make_process_engine.
  Result<Engine*> engine();
  /// What the last engine() call had to do with is not trusted any more.
  void forget_engine() { engine_.reset(); }

  /// An engine of its own with further settings. Errors: those of make_process_engine.
  Result<std::unique_ptr<Engine>> engine_with(const Settings& more) const;

  /// A new process that has been sent hello, with further settings and in these versions. The
  /// answer waits. Errors: it cannot be started, or does not listen.
  Result<std::unique_ptr<WorkerProcess>> greeted(const Settings& more = {},
                                                 const std::vector<int>& versions = {}) const;
  /// The same, and it is ready. Errors: also another answer.
  Result<std::unique_ptr<WorkerProcess>> ready() const;

  const ProcessOptions& options() const { return options_; }

 private:
  ProcessOptions options_;
  std::unique_ptr<Engine> engine_;
};

/// The type of the next frame that is no warning. Errors: it breaks the protocol.
Result<protocol::FrameType> next_type(WorkerProcess& process);

}  // namespace crossval
