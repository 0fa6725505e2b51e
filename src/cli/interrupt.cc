#include "cli/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace crossval {
namespace {

constexpr uint64_t kSignal = 1;
constexpr uint64_t kEnd = uint64_t{1}
                          << 32;  // the object's own end, told from any number of signals

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

std::atomic<int> handler_event{-1};
std::atomic<int> last_signal{0};

void on_signal(int signal) {
  const int saved = errno;
  last_signal = signal;
  // Nothing can be done in a handler when it fails.
  [[maybe_unused]] const ssize_t written = write(handler_event, &kSignal, sizeof(kSignal));
  errno = saved;
}

}  // namespace

int Interruption::signal() const { return last_signal; }

Interruption::Interruption() : event_(eventfd(0, EFD_CLOEXEC)) {
  handler_event = event_;
  last_signal = 0;
  listener_ = std::jthread([event = event_, source = source_]() mutable {
    uint64_t value = 0;
    while (read(event, &value, sizeof(value)) != sizeof(value)) {
      if (errno != EINTR) return;
    }
    if (value < kEnd) source.request_stop();
  });
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN) continue;
    sigaction(kSignals[i], &action, nullptr);
  }
}

Interruption::~Interruption() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  // After a signal the listener is gone already, and nobody reads this.
  [[maybe_unused]] const ssize_t written = write(event_, &kEnd, sizeof(kEnd));
  listener_.join();
  handler_event = -1;
  close(event_);
}

}  // namespace crossval
