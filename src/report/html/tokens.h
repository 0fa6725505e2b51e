// Tokens of a prompt in the tint of their distances.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crossval {

struct ShownToken {
  int32_t position = 0;
  int32_t id = 0;
  std::string_view piece;  // any bytes
  double distance = 0;     // NaN: it has none
  bool passed = true;
};

/// The tokens one after the other; `first` is the position that is marked. `name` of the distance;
/// where they are not all of `count`, a line says which they are.
std::string html_tokens(std::span<const ShownToken> tokens, std::optional<int32_t> first,
                        std::string_view name, int64_t count);

}  // namespace crossval
