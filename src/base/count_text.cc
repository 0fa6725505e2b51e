#include "base/count_text.h"

#include <fmt/format.h>

namespace crossval {

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  const int64_t first = count < 0 ? 1 : 0;  // behind the sign
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string rounded_count(int64_t count) {
  if (count < 1000) return std::to_string(count);
  if (count < 999'500) return fmt::format("{}k", (count + 500) / 1000);
  return fmt::format("{}M", (count + 500'000) / 1'000'000);
}

}  // namespace crossval
