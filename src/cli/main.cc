// The process around run_cli: standard streams that are open, and no death by SIGPIPE.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "checkpoint/checkpoint.h"
#include "cli/run_cli.h"
#include "gguf/assembled_file.h"

namespace {

// A standard stream that was closed would lend its number to the next file opened, and the result
// would be written into it. Its place is taken by something that refuses: writes fail and are
// reported.
void fill_closed_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) != -1) continue;
    // The lowest free number is fd: those below are open.
    (void)open("/dev/null", O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_streams();
  std::signal(SIGPIPE, SIG_IGN);                           // a closed pipe shows as a failed write
  crossval::read_folders_with(crossval::read_checkpoint);  // a folder in the place of a model file
  return crossval::run_cli(argc, argv, crossval::standard_console());
}
