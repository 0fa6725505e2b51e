// What an engine is asked: logits rows, or the tensors on the way to them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crossval {

/// Whole numbers from `first` up to but not including `end`; as it comes, all of them.
struct Range {
  int32_t first = std::numeric_limits<int32_t>::min();
  int32_t end = std::numeric_limits<int32_t>::max();

  bool contains(int32_t i) const { return first <= i && i < end; }
  bool empty() const { return first >= end; }
  /// What both have.
  Range within(const Range& other) const {
    return {std::max(first, other.first), std::min(end, other.end)};
  }
};

/// Which tensors a trace hands out, and which of their positions. An empty list, like a range left
/// as it is, leaves nothing out: as it comes a selection wants all.
struct Selection {
  std::vector<std::string> names{};  // with layer suffix: "Qcur-0"
  std::vector<std::string> ops{};    // "ROPE"
  Range layers{};                    // −1: outside the layers
  Range positions{};

  bool wants(std::string_view name, std::string_view op, int32_t layer) const {
    const auto listed = [](const std::vector<std::string>& list, std::string_view text) {
      return list.empty() || std::ranges::find(list, text) != list.end();
    };
    return layers.contains(layer) && listed(names, name) && listed(ops, op);
  }
};

/// Of which ids logits are handed out.
enum class Rows : uint8_t { all, last };

/// Token ids at the positions first, first + 1, … `first` is 0, which starts over, or the number of
/// positions evaluated so far, which goes on. The ids are viewed.
struct EvaluateRequest {
  std::span<const int32_t> ids;
  int32_t first = 0;
  Rows rows = Rows::all;
};

/// The same computation, looked into.
struct TraceRequest {
  std::span<const int32_t> ids;
  int32_t first = 0;
  Selection selection{};
};

}  // namespace crossval
