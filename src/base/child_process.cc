#include "base/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace crossval {
namespace {

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

ChildEnd end_of(int status) {
  ChildEnd end;
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_status = WEXITSTATUS(status);
  return end;
}

// A descriptor that was given 0, 1 or 2 because ours were closed moves out of their way.
Descriptor above_standard(int fd) {
  if (fd > STDERR_FILENO) return Descriptor(fd);
  const Descriptor low(fd);
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace

Result<Channel> make_channel() {
  std::array<int, 2> ends{};
  Channel channel;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
    channel.ours = above_standard(ends[0]);
    channel.theirs = above_standard(ends[1]);
  }
  if (!channel.ours.open() || !channel.theirs.open()) {
    return fail(ExitCode::engine_failed, std::string("cannot make a channel: ") + strerror(errno));
  }
  return channel;
}

Result<pid_t> spawn_child(const std::vector<std::string>& arguments,
                          const std::vector<std::string>& environment, int in, int out, int err,
                          const std::string& folder) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  pid_t pid = -1;
  const int status = ::posix_spawn(&pid, arguments[0].c_str(), &actions, &attributes,
                                   c_strings(arguments).data(), c_strings(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    return fail(ExitCode::engine_failed, std::string("cannot start program: ") + strerror(status),
                arguments[0]);
  }
  return pid;
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

ChildEnd reap_child(pid_t pid) {
  // The group is killed before its leader is reaped: until then no other process can get its
  // number.
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return end_of(status);
}

std::string describe(const ChildEnd& end) {
  if (end.signal == 0) return "exited with status " + std::to_string(end.exit_status);
  const char* name = ::sigabbrev_np(end.signal);
  return "was ended by signal " + std::to_string(end.signal) + " (SIG" +
         (name != nullptr ? name : "?") + ": " + ::strsignal(end.signal) + ")";
}

}  // namespace crossval
