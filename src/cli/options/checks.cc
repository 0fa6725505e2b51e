#include "cli/options/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/nearest_word.h"

namespace crossval {
namespace {

template <class T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

ValueCheck one_of(const std::vector<std::string>& words) {
  return {[words](const std::string& text) -> std::string {
            if (std::ranges::find(words, text) != words.end()) return {};
            const std::string near = nearest_word(text, words);
            return fmt::format("\"{}\" is none of {}{}", text, fmt::join(words, ", "),
                               near.empty() ? "" : "; did you mean " + near + "?");
          },
          fmt::format("{{{}}}", fmt::join(words, ","))};
}

ValueCheck whole_number(int64_t low, int64_t high) {
  return {[low, high](const std::string& text) -> std::string {
    const auto value = parsed<int64_t>(text);
    if (value && *value >= low && *value <= high) return {};
    return fmt::format("\"{}\" is no whole number from {} to {}", text, low, high);
  }};
}

ValueCheck seed_number() {
  return {[](const std::string& text) -> std::string {
    if (parsed<uint64_t>(text)) return {};
    return fmt::format("\"{}\" is no whole number from 0 to {}", text,
                       std::numeric_limits<uint64_t>::max());
  }};
}

ValueCheck number() {
  return {[](const std::string& text) {
    return parsed<double>(text) ? std::string() : fmt::format("\"{}\" is no number", text);
  }};
}

ValueCheck number(double low, double high) {
  return {[low, high](const std::string& text) -> std::string {
    const auto value = parsed<double>(text);
    if (value && *value >= low && *value <= high) return {};
    return fmt::format("\"{}\" is no number from {:.10g} to {:.10g}", text, low, high);
  }};
}

}  // namespace crossval
