// Runs a helper program to its end: bytes in, bytes out, with a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

struct ProgramLimits {
  std::chrono::milliseconds timeout{10000};  // wall time; the program is killed at its end
  size_t max_output = size_t{64} << 20;      // bytes of stdout; the program is killed beyond
  std::stop_token stop{};                    // asks it to end (SIGTERM), and kills it soon after
};

struct ProgramResult {
  int exit_status = 0;  // meaningful when signal is 0
  int signal = 0;       // that ended it, if one did
  bool timed_out = false;
  bool too_much_output = false;
  std::string out;
  std::string error_tail;  // the last few kB of stderr
};

/// `arguments[0]` is the program's path (no PATH search); `environment` is all it gets ("TZ=UTC").
/// Its stderr goes to the descriptor `messages`, or with -1 into the result. The program is done
/// when it has ended, whoever else still holds its outputs. Whatever happens, nothing that it
/// started is left behind. Errors: engine_failed (it cannot be started), interrupted.
Result<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment,
                                  std::string_view input, const ProgramLimits& limits,
                                  int messages = -1);

}  // namespace crossval
