#include "base/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace crossval {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kErrorTail = 4096;

// A descriptor closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Descriptor() { reset(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Channel {
  Descriptor ours, theirs;
};

// A socket pair rather than a pipe: sending to a program that closed its end must not raise
// SIGPIPE.
Result<Channel> make_channel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ExitCode::engine_failed,
                std::string("cannot make a channel: ") + std::strerror(errno));
  }
  return Channel{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int status = ::posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr,
                                   c_strings(arguments).data(), c_strings(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    return fail(ExitCode::engine_failed,
                std::string("cannot start program: ") + std::strerror(status), arguments[0]);
  }
  return pid;
}

// Reads what is there into `text`; closes the descriptor at the end of the stream.
void drain(Descriptor& from, std::string& text) {
  std::array<char, 1 << 16> chunk{};
  const ssize_t got = ::recv(from.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got > 0) {
    text.append(chunk.data(), static_cast<size_t>(got));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    from.reset();
  }
}

// Sends a part of the rest; closes when all is sent or the program stopped listening.
void feed(Descriptor& to, std::string_view& rest) {
  const ssize_t sent = ::send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) rest.remove_prefix(static_cast<size_t>(sent));
  if (rest.empty() || (sent < 0 && errno != EAGAIN && errno != EINTR)) to.reset();
}

// Moves bytes until the program closed both its outputs or a limit is reached.
void converse(Descriptor& in, Descriptor& out, Descriptor& err, std::string_view input,
              const ProgramLimits& limits, ProgramResult& result) {
  const auto deadline = Clock::now() + limits.timeout;
  if (input.empty()) in.reset();
  while (out.open() || err.open()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      result.timed_out = true;
      return;
    }
    std::array<pollfd, 3> watched{
        {{in.get(), POLLOUT, 0}, {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), static_cast<int>(left));
    if (watched[0].revents != 0) feed(in, input);
    if (watched[1].revents != 0) drain(out, result.out);
    if (watched[2].revents != 0) drain(err, result.error_tail);
    if (result.error_tail.size() > kErrorTail) {
      result.error_tail.erase(0, result.error_tail.size() - kErrorTail);
    }
    if (result.out.size() > limits.max_output) {
      result.too_much_output = true;
      return;
    }
  }
}

}  // namespace

Result<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment,
                                  std::string_view input, const ProgramLimits& limits) {
  auto in = make_channel();
  auto out = make_channel();
  auto err = make_channel();
  for (const auto* channel : {&in, &out, &err}) {
    if (!*channel) return tl::unexpected(channel->error());
  }
  const auto pid =
      spawn(arguments, environment, in->theirs.get(), out->theirs.get(), err->theirs.get());
  if (!pid) return tl::unexpected(pid.error());
  for (auto* channel : {&in, &out, &err}) (*channel)->theirs.reset();
  ProgramResult result;
  converse(in->ours, out->ours, err->ours, input, limits, result);
  if (result.timed_out || result.too_much_output) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  return result;
}

}  // namespace crossval
