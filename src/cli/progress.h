// How far a command is, on stderr: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "cli/console.h"
#include "session/per_token.h"

namespace crossval {

class Progress : public PerTokenObserver {
 public:
  explicit Progress(const Console& console, const char* unit = "positions")
      : console_(console), unit_(unit) {}
  ~Progress() override { finish(); }

  void phase(const std::string& what) override;
  void progress(int32_t done, int32_t planned) override;

  /// Takes the bar away, so that the result stands alone.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void say(const std::string& line);

  const Console& console_;
  const char* unit_;
  std::string phase_;
  Clock::time_point last_{};
  bool drawn_ = false;
};

}  // namespace crossval
