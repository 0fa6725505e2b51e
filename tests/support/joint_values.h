// Which values the fields of random blocks take together. Blocks whose fields depend on each other
// hide a kernel that reads one for the other.
#pragma once

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "quant/block_fields.h"

namespace crossval {

/// A field, or a part of its bits when it is wide, with few enough values to meet each with each.
struct FieldView {
  const BlockField* field;
  std::string name;
  size_t values;  // 0 … values - 1 are to occur
  std::function<uint32_t(uint32_t)> of;
};

inline std::vector<FieldView> field_views(const WeightFormat& format) {
  std::vector<FieldView> views;
  for (const BlockField& field : block_fields(format.type)) {
    const std::string name(field.name);
    const auto bits = [&](const std::string& what, int first, int count) {
      views.push_back({&field, name + what, size_t{1} << count, [first, count](uint32_t value) {
                         return value >> first & ((1U << count) - 1);
                       }});
    };
    switch (field.kind) {
      case FieldKind::half:
      case FieldKind::half_min:
        bits("'s highest mantissa bits", 6, 4);
        bits("'s lowest mantissa bits", 0, 4);
        bits("'s sign", 15, 1);
        break;
      case FieldKind::e8m0:
        bits("'s lowest bits", 0, 2);
        break;
      case FieldKind::ue4m3:
        bits("'s mantissa", 0, 3);
        break;
      case FieldKind::unused:
        break;
      default:
        if (field.name == "exponent") {
          bits("'s lowest bits", 0, 2);
        } else if (field.bits <= 6) {
          views.push_back({&field, name, static_cast<size_t>(field.values),
                           [](uint32_t value) { return value; }});
        } else {
          bits("'s lowest bits", 0, 4);
          bits("'s highest bits", std::max(4, field.bits - 4), std::min(4, field.bits - 4));
        }
    }
  }
  return views;
}

class JointValues {
 public:
  /// `blocks` must be enough for each joint value to be met: some ten thousand.
  JointValues(const WeightFormat& format, std::span<const std::byte> blocks)
      : views_(field_views(format)) {
    const auto* block = reinterpret_cast<const uint8_t*>(blocks.data());
    blocks_ = static_cast<int>(blocks.size()) / format.block_bytes;
    taken_.resize(views_.size());
    for (int b = 0; b < blocks_; ++b, block += format.block_bytes) {
      for (size_t v = 0; v < views_.size(); ++v) {
        for (int e = 0; e < views_[v].field->count; ++e)
          taken_[v].push_back(static_cast<uint16_t>(views_[v].of(views_[v].field->get(block, e))));
      }
    }
  }

  /// Joint values that are never met, as sentences: at each place each value, with each other field
  /// of the same weights, with the neighbour of the same field.
  std::vector<std::string> missing() const {
    std::vector<std::string> said;
    const auto say = [&](const std::string& what, size_t met, size_t all) {
      if (met < all)
        said.push_back(what + ": " + std::to_string(met) + " of " + std::to_string(all));
    };
    for (size_t a = 0; a < views_.size(); ++a) {
      const auto count = static_cast<size_t>(views_[a].field->count);
      say(views_[a].name + " at each place",
          met(a, [&](size_t i) { return i % count; }, count), views_[a].values * count);
      const size_t offset = views_[a].field->count > 1 ? 1 : count;  // or of the next block
      say(views_[a].name + " with its neighbour",
          met(
              a,
              [&](size_t i) {
                const bool last = count > 1 && (i + 1) % count == 0;  // has none
                const size_t at = last ? i : i + offset;
                return at < taken_[a].size() && !last ? size_t{taken_[a][at]} : views_[a].values;
              },
              views_[a].values),
          views_[a].values * views_[a].values);
      for (size_t b = 0; b < views_.size(); ++b) {
        if (views_[b].field->count > views_[a].field->count || b == a) continue;
        if (views_[b].field->count == views_[a].field->count && b > a) continue;
        say(views_[a].name + " with " + views_[b].name, pairs(a, b),
            views_[a].values * views_[b].values);
      }
    }
    return said;
  }

  /// Different values of two fields that are met together; the first has as many elements or more.
  size_t pairs(std::string_view one, std::string_view other) const {
    return pairs(index_of(one), index_of(other));
  }

  /// The same of three.
  size_t triples(std::string_view one, std::string_view other, std::string_view third) const {
    const size_t b = index_of(other);
    const size_t c = index_of(third);
    return met(
        index_of(one),
        [&](size_t i) {
          return beside(index_of(one), b, i) * views_[c].values + beside(index_of(one), c, i);
        },
        views_[b].values * views_[c].values);
  }

 private:
  size_t index_of(std::string_view name) const {
    return static_cast<size_t>(std::ranges::find(views_, name, &FieldView::name) - views_.begin());
  }
  /// The value of view b that belongs to element i of view a.
  size_t beside(size_t a, size_t b, size_t i) const {
    return taken_[b][i * static_cast<size_t>(views_[b].field->count) /
                     static_cast<size_t>(views_[a].field->count)];
  }
  size_t pairs(size_t a, size_t b) const {
    return met(a, [&](size_t i) { return beside(a, b, i); }, views_[b].values);
  }
  /// How many of the values of view a, with what `other` says of them (below `others`), are met.
  template <class Other>
  size_t met(size_t a, const Other& other, size_t others) const {
    std::vector<bool> seen(views_[a].values * others);
    for (size_t i = 0; i < taken_[a].size(); ++i) {
      if (taken_[a][i] < views_[a].values && other(i) < others)
        seen[taken_[a][i] * others + other(i)] = true;
    }
    return static_cast<size_t>(std::ranges::count(seen, true));
  }

  std::vector<FieldView> views_;
  std::vector<std::vector<uint16_t>> taken_;  // by view: of each block each element
  int blocks_ = 0;
};

}  // namespace crossval
