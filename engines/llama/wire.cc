#include "wire.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

namespace crossval_llama {
namespace {

namespace protocol = crossval::protocol;
using protocol::FrameType;

constexpr size_t kMaxWaiting = 4;  // requests read ahead; crossval sends one at a time

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "crossval-llama-worker: %s\n", why);
  std::_Exit(2);
}

// False at the end of the stream.
bool read_exactly(int fd, std::byte* to, size_t count) {
  while (count > 0) {
    const ssize_t got = ::read(fd, to, count);
    if (got == 0) return false;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    to += got;
    count -= static_cast<size_t>(got);
  }
  return true;
}

void write_all(int fd, protocol::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) std::_Exit(0);  // nobody listens any more
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
}

Request read_request(int fd) {
  protocol::HeaderBytes bytes{};
  if (!read_exactly(fd, bytes.data(), bytes.size())) std::_Exit(0);
  protocol::Header header;
  switch (protocol::read_header(bytes, header)) {
    case protocol::HeaderProblem::none:
      break;
    case protocol::HeaderProblem::not_a_frame:
      give_up("received bytes that are no frame");
    case protocol::HeaderProblem::other_version:
      give_up("received a frame of another protocol version");
    case protocol::HeaderProblem::too_long:
      give_up("received a frame that is too long");
  }
  Request request{header.type, std::vector<std::byte>(header.length)};
  if (!read_exactly(fd, request.payload.data(), request.payload.size())) std::_Exit(0);
  if (!protocol::checksum_matches(bytes, request.payload)) give_up("received a damaged frame");
  return request;
}

}  // namespace

struct Wire::Inbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Request> waiting;
  std::atomic<bool> cancel{false};
};

Wire::Wire() : inbox_(std::make_shared<Inbox>()), out_(::dup(STDOUT_FILENO)) {
  const int in = ::dup(STDIN_FILENO);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0 || out_ < 0 || null < 0) give_up("cannot take over standard input and output");
  ::dup2(null, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::close(null);
  std::thread([inbox = inbox_, in] {
    while (true) {
      Request request = read_request(in);
      if (request.type == FrameType::cancel) {
        inbox->cancel = true;
        continue;
      }
      std::unique_lock lock(inbox->mutex);
      if (inbox->waiting.size() == kMaxWaiting) give_up("received too many requests at once");
      inbox->waiting.push_back(std::move(request));
      inbox->changed.notify_one();
    }
  }).detach();
}

Request Wire::next() {
  std::unique_lock lock(inbox_->mutex);
  inbox_->changed.wait(lock, [this] { return !inbox_->waiting.empty(); });
  Request request = std::move(inbox_->waiting.front());
  inbox_->waiting.pop_front();
  return request;
}

bool Wire::cancel_asked() const { return inbox_->cancel; }
void Wire::forget_cancel() { inbox_->cancel = false; }

void Wire::send(FrameType type, std::initializer_list<protocol::Bytes> parts) {
  const auto header = protocol::make_header(type, {parts.begin(), parts.size()});
  write_all(out_, header);
  for (const protocol::Bytes part : parts) write_all(out_, part);
}

}  // namespace crossval_llama
