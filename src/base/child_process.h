// A program running beside us: descriptors, start, end. run_program and the process engine share
// it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/error.h"

namespace crossval {

struct Channel {
  Descriptor ours, theirs;
};

/// A connected pair, closed on exec, never one of the three standard descriptors. A socket pair
/// rather than a pipe: sending to a program that closed its end must not raise SIGPIPE.
Result<Channel> make_channel();

/// Starts `arguments[0]` (a path, no PATH search) with three descriptors and no others, default
/// signals, all of its environment in `environment`, and in `folder` (empty: in ours). It leads a
/// process group of its own: a Ctrl-C at the terminal does not reach it, and whoever started it
/// ends it with all that it started. Errors (engine_failed): it cannot be started.
Result<pid_t> spawn_child(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment, int in, int out, int err,
                          const std::string& folder = {});

struct ChildEnd {
  int exit_status = 0;  // meaningful when signal is 0
  int signal = 0;       // that ended it, if one did
};

/// Whether a child has ended. Its end stays there for reap_child.
bool has_ended(pid_t pid);

/// Waits for the end of a child. What it leaves of its group is killed.
ChildEnd reap_child(pid_t pid);

/// "exited with status 3", "was ended by signal 11 (SIGSEGV: Segmentation fault)".
std::string describe(const ChildEnd& end);

}  // namespace crossval
