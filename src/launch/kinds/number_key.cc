#include "launch/kinds/number_key.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

namespace crossval {

Result<int> number_key(const EngineSpec& spec, const char* key, int fallback, int most) {
  const std::string text = spec.get(key);
  if (text.empty() && !spec.options.contains(key)) return fallback;
  int value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
    return fail(ExitCode::usage, fmt::format("{}={} is no number from 1 to {}", key, text, most),
                "engine " + spec.name);
  }
  return value;
}

}  // namespace crossval
