#include "base/run_program.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

#include "base/child_process.h"
#include "base/stop_signal.h"

namespace crossval {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr size_t kErrorTail = 4096;
constexpr auto kGlance = 100ms;  // how often a program that says nothing is looked at
constexpr auto kTidyUp = 5s;     // for a program that was asked to end

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

// Sends a part of the rest; nothing is left of it when the program stopped listening.
void feed(const Descriptor& to, std::string_view& rest) {
  const ssize_t sent = ::send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) rest.remove_prefix(static_cast<size_t>(sent));
  if (sent < 0 && errno != EAGAIN && errno != EINTR) rest = {};
}

// The program reads the end of its input. Our side stays open.
void end_input(const Descriptor& in) { ::shutdown(in.get(), SHUT_WR); }

// A program at work, and what ends it before its time.
struct Running {
  pid_t pid;
  const ProgramLimits& limits;
  StopSignal stop;
  Clock::time_point deadline;
  ProgramResult result{};

  // Whether it may go on. Sets timed_out, too_much_output.
  bool may_go_on() {
    result.timed_out = Clock::now() >= deadline;
    result.too_much_output = result.out.size() > limits.max_output;
    return !result.timed_out && !result.too_much_output && !stop.requested();
  }
};

// Moves bytes until the program ended, closed both its outputs, or may not go on.
void converse(Running& program, const Descriptor& in, Descriptor& out, Descriptor& err,
              std::string_view input) {
  ProgramResult& result = program.result;
  if (input.empty()) end_input(in);
  while ((out.open() || err.open()) && program.may_go_on()) {
    const bool ended = has_ended(program.pid);  // then what it wrote is there already
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(program.deadline - Clock::now());
    const auto wait = std::clamp<std::chrono::milliseconds>(left, 0ms, ended ? 0ms : kGlance);
    std::array<pollfd, 4> watched{{{input.empty() ? -1 : in.get(), POLLOUT, 0},
                                   {out.get(), POLLIN, 0},
                                   {err.get(), POLLIN, 0},
                                   {program.stop.fd(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    if (ended && watched[1].revents == 0 && watched[2].revents == 0) return;
    if (watched[0].revents != 0) {
      feed(in, input);
      if (input.empty()) end_input(in);
    }
    if (out.open() && watched[1].revents != 0) drain(out, result.out);
    if (err.open() && watched[2].revents != 0) drain(err, result.error_tail);
    if (result.error_tail.size() > kErrorTail) {
      result.error_tail.erase(0, result.error_tail.size() - kErrorTail);
    }
  }
}

// A program that closed its outputs may still be at work, or asleep.
void await_end(Running& program) {
  while (!has_ended(program.pid) && program.may_go_on()) std::this_thread::sleep_for(1ms);
}

// Asks the whole group and waits until nobody in it has our end of its input any more: the parts of
// a script tidy up each for itself, and the leader need not be the last.
void ask_to_end(pid_t pid, const Descriptor& in) {
  ::kill(-pid, SIGTERM);
  const auto deadline = Clock::now() + kTidyUp;
  pollfd input{in.get(), 0, 0};  // POLLHUP is always told
  while ((input.revents & POLLHUP) == 0 && Clock::now() < deadline) ::poll(&input, 1, 100);
  while (!has_ended(pid) && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
}

}  // namespace

Result<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment,
                                  std::string_view input, const ProgramLimits& limits,
                                  int messages) {
  const auto interrupted = [&] { return fail(ExitCode::interrupted, "interrupted", arguments[0]); };
  if (limits.stop.stop_requested()) return interrupted();
  auto in = make_channel();
  auto out = make_channel();
  auto err = make_channel();
  for (const auto* channel : {&in, &out, &err}) {
    if (!*channel) return tl::unexpected(channel->error());
  }
  const auto pid = spawn_child(arguments, environment, in->theirs.get(), out->theirs.get(),
                               messages < 0 ? err->theirs.get() : messages);
  if (!pid) return tl::unexpected(pid.error());
  for (auto* channel : {&in, &out, &err}) (*channel)->theirs.reset();
  Running program{*pid, limits, StopSignal(limits.stop), Clock::now() + limits.timeout};
  converse(program, in->ours, out->ours, err->ours, input);
  await_end(program);
  const bool stopped = program.stop.requested();
  if (stopped) ask_to_end(*pid, in->ours);
  if (!has_ended(*pid)) ::kill(-*pid, SIGKILL);
  const ChildEnd end = reap_child(*pid);
  if (stopped) return interrupted();
  program.result.signal = end.signal;
  program.result.exit_status = end.exit_status;
  return std::move(program.result);
}

}  // namespace crossval
