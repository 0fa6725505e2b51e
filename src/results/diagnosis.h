// The result of `doctor`: one finding per part of the installation.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace crossval {

enum class CheckState {
  ok,
  warning,  // works, but not as well as it could
  problem,  // something cannot be done here
};

struct Check {
  std::string name;  // stable (docs/doctor.md)
  CheckState state = CheckState::ok;
  std::string detail;            // what was found
  std::string repair{};          // what to do, when there is something
  ExitCode code = ExitCode::ok;  // of a problem: what a command that runs into it ends with
};

struct Diagnosis {
  std::vector<Check> checks;
};

/// That of the first problem.
inline ExitCode exit_code(const Diagnosis& diagnosis) {
  for (const Check& check : diagnosis.checks) {
    if (check.state == CheckState::problem) return check.code;
  }
  return ExitCode::ok;
}

}  // namespace crossval
