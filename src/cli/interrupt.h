// Ctrl-C, SIGTERM and a terminal that is closed (SIGHUP) as a stop token.
#pragma once

#include <array>
#include <csignal>
#include <stop_token>
#include <thread>

namespace crossval {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP asks to stop; a second one ends the process
/// at once, as if there were no handler. A SIGHUP that is ignored (nohup) stays so. One object at a
/// time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  std::stop_token token() const { return source_.get_token(); }
  /// The signal that asked to stop; 0: none did.
  int signal() const;

 private:
  int event_;  // eventfd that the handler writes to
  std::array<struct sigaction, 3> before_{};
  std::stop_source source_;
  std::jthread listener_;
};

}  // namespace crossval
