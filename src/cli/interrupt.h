// Ctrl-C and SIGTERM as a stop token.
#pragma once

#include <stop_token>
#include <thread>

namespace crossval {

/// While it lives, the first SIGINT or SIGTERM asks to stop; a second one ends the process at once,
/// as if there were no handler. One object at a time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  std::stop_token token() const { return source_.get_token(); }

 private:
  int event_;  // eventfd that the handler writes to
  std::stop_source source_;
  std::jthread listener_;
};

}  // namespace crossval
