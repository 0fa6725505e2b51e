#include "base/run_program.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/child_process.h"

namespace crossval {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kErrorTail = 4096;

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
    if (in.open() && watched[0].revents != 0) feed(in, input);
    if (out.open() && watched[1].revents != 0) drain(out, result.out);
    if (err.open() && watched[2].revents != 0) drain(err, result.error_tail);
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
      spawn_child(arguments, environment, in->theirs.get(), out->theirs.get(), err->theirs.get(),
                  /*own_group=*/false);
  if (!pid) return tl::unexpected(pid.error());
  for (auto* channel : {&in, &out, &err}) (*channel)->theirs.reset();
  ProgramResult result;
  converse(in->ours, out->ours, err->ours, input, limits, result);
  if (result.timed_out || result.too_much_output) ::kill(*pid, SIGKILL);
  const ChildEnd end = reap_child(*pid);
  result.signal = end.signal;
  result.exit_status = end.exit_status;
  return result;
}

}  // namespace crossval
