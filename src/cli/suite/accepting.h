// `suite accept`: the figures of a result become the limits of the next ones.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "cli/suite/judged.h"

namespace crossval {

struct AcceptRequest {
  std::string folder;  // of the results
  std::string reason, by;
  BaselineOptions baseline;
};

/// Writes the baseline and says what has changed in it; ok. Errors: usage (no baseline is named,
/// the result is not complete, a limit would grow without a reason: nothing is written, and what
/// would grow is printed); those of judged_results; cannot_write.
Result<ExitCode> accept_results(const AcceptRequest& request, const Console& console);

}  // namespace crossval
