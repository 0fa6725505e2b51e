#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {
namespace {

using namespace std::chrono_literals;
constexpr auto kRedraw = 100ms;  // of the bar
constexpr auto kLine = 10s;      // between lines where there is no terminal
constexpr int kBarWidth = 30;

std::string bar(int32_t done, int32_t planned) {
  const int filled = planned > 0 ? static_cast<int>(int64_t{kBarWidth} * done / planned) : 0;
  std::string text;
  for (int i = 0; i < kBarWidth; ++i) text += i < filled ? "━" : "─";
  return text;
}

}  // namespace

void Progress::say(const std::string& line) {
  if (console_.quiet) return;
  const std::string text = console_.live ? "\r\x1b[2K" + line : "crossval: " + line + "\n";
  std::fwrite(text.data(), 1, text.size(), console_.err);
  std::fflush(console_.err);
  drawn_ = true;
}

void Progress::phase(const std::string& what) {
  phase_ = what;
  last_ = Clock::now();
  if (console_.live) say(what);
}

void Progress::progress(int32_t done, int32_t planned) {
  const auto now = Clock::now();
  if (now - last_ < (console_.live ? Clock::duration(kRedraw) : Clock::duration(kLine))) return;
  last_ = now;
  say(console_.live ? fmt::format("{:<9} {} {}/{}", phase_, bar(done, planned), done, planned)
                    : fmt::format("{}, {} of {} {}", phase_, done, planned, unit_));
}

void Progress::finish() {
  if (!drawn_ || !console_.live) return;
  std::fputs("\r\x1b[2K", console_.err);
  std::fflush(console_.err);
  drawn_ = false;
}

}  // namespace crossval
