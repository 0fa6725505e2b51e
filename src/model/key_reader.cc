#include "model/key_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

#include "base/shown_text.h"

namespace crossval {

int64_t KeyReader::element(const std::string& key, int64_t i, std::optional<int64_t> fallback) {
  if (!has_array(key)) return fallback ? integer(key, *fallback) : required(key);
  const auto& array = std::get<GgufArray>(find(key)->value);
  if (!array.integral()) {
    return refuse(
        fmt::format("an array of {} where integers belong", gguf_type_name(array.element)), key);
  }
  if (i < 0 || static_cast<uint64_t>(i) >= array.count)
    return refuse(fmt::format("the array has no number for layer {}", i), key);
  return array.integer(static_cast<uint64_t>(i));
}

std::vector<int64_t> KeyReader::numbers(const std::string& key, int64_t n,
                                        std::optional<int64_t> fallback) {
  std::vector<int64_t> values;
  if (has_array(key)) {
    const uint64_t count = std::get<GgufArray>(find(key)->value).count;
    if (count != static_cast<uint64_t>(n)) {
      refuse(fmt::format("an array of {} numbers where {} belong", count, n), key);
      return std::vector<int64_t>(static_cast<size_t>(n));
    }
  }
  values.reserve(static_cast<size_t>(n));
  for (int64_t il = 0; il < n; ++il) values.push_back(element(key, il, fallback));
  return values;
}

int64_t KeyReader::alike(const std::string& key, int64_t n, std::optional<int64_t> fallback) {
  const std::vector<int64_t> values = numbers(key, n, fallback);
  const auto other = std::ranges::find_if(values, [&](int64_t v) { return v != values.front(); });
  if (other != values.end()) {
    refuse(fmt::format("{} in layer 0, {} in layer {}: this architecture has one for all layers",
                       values.front(), *other, other - values.begin()),
           key);
  }
  return values.empty() ? 0 : values.front();
}

size_t KeyReader::one_of(const std::string& key, std::string_view fallback,
                         std::initializer_list<std::string_view> known, const std::string& hint) {
  const std::string_view value = keep(file_.string_or(full(key), fallback));
  const auto* const found = std::ranges::find(known, value);
  if (found != known.end()) return static_cast<size_t>(found - known.begin());
  refuse(fmt::format("{} is not known", shown_text(value)), key,
         fmt::format("Known: {}. {}", fmt::join(known, ", "), hint));
  return 0;
}

}  // namespace crossval
