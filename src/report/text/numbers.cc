#include "report/text/numbers.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "base/count_text.h"

namespace crossval {
namespace {

std::string special_text(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace

std::string cosine_text(double cosine) {
  if (!std::isfinite(cosine)) return special_text(cosine);
  return fmt::format("{:.7f}", std::floor(cosine * 1e7) / 1e7);
}

std::string flips_text(int64_t ties, int64_t decisive) {
  return fmt::format("{} where the reference nearly ties, {} decisive", grouped(ties),
                     grouped(decisive));
}

std::string distance_text(double distance) {
  if (!std::isfinite(distance)) return special_text(distance);
  return distance == 0 ? "0" : fmt::format("{:.2e}", distance);
}

std::string float_text(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const std::string digits =
      std::isfinite(value) ? fmt::format("{:.9g}", value) : special_text(value);
  return fmt::format("{:<16} 0x{:08x}", digits, bits);
}

std::string size_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < std::size(kUnits); ++unit) size /= 1000;
  return fmt::format("{:.3g} {}", size, kUnits[unit]);
}

}  // namespace crossval
