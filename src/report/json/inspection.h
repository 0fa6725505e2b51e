// The results of `inspect` for programs (docs/json.md). Each is one document.
#pragma once

#include <string>

#include "base/error.h"
#include "results/inspection.h"

namespace crossval {

/// The exit code that goes with what was found: docs/exit-codes.md.
ExitCode exit_code_of(const Inspection& inspection);
ExitCode exit_code_of(const FileDifference& difference);

std::string inspection_json(const Inspection& inspection);
std::string tensor_json(const TensorInspection& inspection);
std::string difference_json(const FileDifference& difference);

}  // namespace crossval
