#include "process/worker_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include "base/environment.h"
#include "process/last_words.h"

namespace crossval {
namespace {

using namespace std::chrono_literals;
using protocol::Bytes;
using protocol::FrameType;

constexpr size_t kLogTail = 1 << 18;  // bytes of its standard error: a backtrace of long names
constexpr auto kLastBreath = 1000ms;  // between the end of its output and its end

// What was sent instead of a frame, so that a greeting or a stack trace can be recognised.
std::string printable(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    text +=
        c >= 0x20 && c < 0x7f ? std::string(1, static_cast<char>(c)) : fmt::format("\\x{:02x}", c);
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const ProcessOptions& options) {
  auto in = make_channel();
  auto out = make_channel();
  auto err = make_channel();
  for (const auto* channel : {&in, &out, &err}) {
    if (!*channel) return tl::unexpected(channel->error());
  }
  const auto pid =
      spawn_child(options.arguments, environment_with(options.variables), in->theirs.get(),
                  out->theirs.get(), err->theirs.get(), options.folder);
  if (!pid) {
    Error error = pid.error();
    error.where = fmt::format("engine {}, {}", options.name, error.where);
    return tl::unexpected(std::move(error));
  }
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(
      options, *pid, std::move(in->ours), std::move(out->ours), std::move(err->ours)));
}

WorkerProcess::WorkerProcess(const ProcessOptions& options, pid_t pid, Descriptor in,
                             Descriptor out, Descriptor err)
    : name_(options.name),
      timeout_(options.timeout),
      stop_(options.stop),
      pid_(pid),
      in_(std::move(in)),
      out_(std::move(out)),
      err_(std::move(err)) {}

WorkerProcess::~WorkerProcess() { kill(); }

// The whole group: a wrapper script's children too.
void WorkerProcess::kill() {
  if (end_) return;
  ::kill(-pid_, SIGKILL);
  end_ = reap_child(pid_);
}

Result<void> WorkerProcess::send(FrameType type, std::initializer_list<Bytes> parts) {
  if (broken_) return tl::unexpected(*broken_);
  const auto deadline = Clock::now() + timeout_;
  inside_frame_ = false;
  const auto header = protocol::make_header(type, {parts.begin(), parts.size()},
                                            checksum_.value_or(protocol::Checksum::xxh3));
  if (auto ok = write_all(header, deadline); !ok) return ok;
  for (const Bytes part : parts) {
    if (auto ok = write_all(part, deadline); !ok) return ok;
  }
  return {};
}

Result<Frame> WorkerProcess::receive() {
  if (broken_) return tl::unexpected(*broken_);
  const auto deadline = Clock::now() + timeout_;
  protocol::HeaderBytes bytes{};
  inside_frame_ = false;
  if (auto ok = read_exactly(bytes.data(), bytes.size(), deadline); !ok) {
    return tl::unexpected(ok.error());
  }
  protocol::Header header;
  switch (protocol::read_header(bytes, header)) {
    case protocol::HeaderProblem::none:
      break;
    case protocol::HeaderProblem::not_a_frame:
      return broken(fmt::format("sent bytes that are no frame of the engine protocol: \"{}\"",
                                printable(bytes)));
    case protocol::HeaderProblem::other_version:
      return broken(fmt::format("speaks version {} of the engine protocol, this program version {}",
                                header.version, protocol::kVersion),
                    "Rebuild the engine, or use the crossval that it was built for.");
    case protocol::HeaderProblem::too_long:
      return broken(fmt::format("announced a frame of {} bytes; at most {} are allowed",
                                header.length, protocol::kMaxPayload));
  }
  payload_.resize(header.length);
  inside_frame_ = true;
  if (auto ok = read_exactly(payload_.data(), payload_.size(), deadline); !ok) {
    return tl::unexpected(ok.error());
  }
  if (!checksum_) checksum_ = protocol::find_checksum(bytes, payload_);
  if (!checksum_ || !protocol::checksum_matches(bytes, payload_, *checksum_)) {
    return broken("sent a frame whose checksum does not match its bytes");
  }
  return Frame{header.type, payload_};
}

Result<void> WorkerProcess::read_exactly(std::byte* to, size_t count, Deadline deadline) {
  while (count > 0) {
    const ssize_t got = ::recv(out_.get(), to, count, MSG_DONTWAIT);
    if (got > 0) {
      to += got;
      count -= static_cast<size_t>(got);
      inside_frame_ = true;
    } else if (got == 0 || errno == ECONNRESET) {
      return ended();
    } else if (errno == EAGAIN) {
      if (auto ok = wait_for(out_.get(), POLLIN, deadline); !ok) return ok;
    } else if (errno != EINTR) {
      return broken(fmt::format("cannot be read from: {}", strerror(errno)));
    }
  }
  return {};
}

Result<void> WorkerProcess::write_all(Bytes bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(in_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return ended();
    } else if (errno == EAGAIN) {
      if (auto ok = wait_for(in_.get(), POLLOUT, deadline); !ok) return ok;
    } else if (errno != EINTR) {
      return broken(fmt::format("cannot be written to: {}", strerror(errno)));
    }
  }
  return {};
}

// Until the descriptor is ready. What the program logs meanwhile is read, so that it never blocks.
Result<void> WorkerProcess::wait_for(int fd, short events, Deadline deadline) {
  while (true) {
    if (stop_.requested()) {
      broken_ = Error{ExitCode::interrupted, "interrupted", where(), {}};
      return tl::unexpected(*broken_);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= 0ms) {
      const double seconds = static_cast<double>(timeout_.count()) / 1000.0;
      return broken(inside_frame_ ? fmt::format("has not finished a frame in {:g} s", seconds)
                                  : fmt::format("has been silent for {:g} s", seconds),
                    "Raise --engine-timeout if it is only slow.");
    }
    std::array<pollfd, 3> watched{
        {{fd, events, 0}, {err_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(),
           static_cast<int>(std::min<int64_t>(left.count(), 60000)));
    if (watched[1].revents != 0) drain_log();
    if (watched[0].revents != 0) return {};
  }
}

void WorkerProcess::drain_log() {
  std::array<char, 1 << 14> chunk{};
  while (err_.open()) {
    const ssize_t got = ::recv(err_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) err_.reset();
    if (got <= 0) return;
    log_tail_.append(chunk.data(), static_cast<size_t>(got));
    if (log_tail_.size() > kLogTail) log_tail_.erase(0, log_tail_.size() - kLogTail);
  }
}

std::optional<ChildEnd> WorkerProcess::await_end(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!end_ && !has_ended(pid_) && Clock::now() < deadline) std::this_thread::sleep_for(5ms);
  if (!end_ && has_ended(pid_)) end_ = reap_child(pid_);
  return end_;
}

bool WorkerProcess::hang_up(std::chrono::milliseconds patience) {
  in_.reset();
  out_.reset();
  return await_end(patience).has_value();
}

tl::unexpected<Error> WorkerProcess::ended() {
  const auto end = await_end(kLastBreath);
  std::string how = end ? describe(*end) : "closed its output";
  if (inside_frame_) how += " in the middle of a frame";
  return broken(std::move(how));
}

tl::unexpected<Error> WorkerProcess::broken(std::string what, std::string hint) {
  const std::string words = last_words();
  if (!words.empty()) hint += (hint.empty() ? "" : "\n") + words;
  broken_ = Error{ExitCode::engine_failed, fmt::format("engine {} {}", name_, what), where(),
                  std::move(hint)};
  kill();
  return tl::unexpected(*broken_);
}

std::string WorkerProcess::where() const { return fmt::format("engine {}, {}", name_, phase_); }

std::string WorkerProcess::last_words() {
  drain_log();
  return crossval::last_words(log_tail_);
}

}  // namespace crossval
