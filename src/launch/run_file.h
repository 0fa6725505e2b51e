// A file with a run in it, whoever wrote it.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "recording/replay_engine.h"

namespace crossval {

/// A recording, or rows of logits in one of the formats of docs/other-files.md. Errors
/// (bad_input_file): those of open_recording and open_row_file; neither, with what can be read.
Result<std::unique_ptr<ReplayEngine>> open_run_file(const std::string& path);

}  // namespace crossval
