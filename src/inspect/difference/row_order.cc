#include "inspect/difference/row_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/count_text.h"

namespace crossval {
namespace {

constexpr int64_t kNoRow = -1;
constexpr double kNearlyAll = 0.9;       // of the rows have one displacement
constexpr int64_t kFewestMovedRows = 4;  // fewer are equal by chance

uint64_t mixed(uint64_t hash, float value) {
  hash = (hash ^ std::bit_cast<uint32_t>(value)) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 32);
}

/// For each row of b the row of a that it is: itself where that is equal, else the first equal one
/// that no other row of b has taken; kNoRow where there is none.
std::vector<int64_t> sources(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  std::unordered_map<uint64_t, std::vector<int64_t>> at;  // last first
  for (auto row = std::ssize(a) - 1; row >= 0; --row) {
    const auto i = static_cast<size_t>(row);
    if (a[i] != b[i]) at[a[i]].push_back(row);
  }
  std::vector<int64_t> source(b.size(), kNoRow);
  for (size_t i = 0; i < b.size(); ++i) {
    if (a[i] == b[i]) {
      source[i] = static_cast<int64_t>(i);
      continue;
    }
    const auto found = at.find(b[i]);
    if (found == at.end() || found->second.empty()) continue;
    source[i] = found->second.back();
    found->second.pop_back();
  }
  return source;
}

/// How many heads are in the other order; nothing when some head is neither in it nor as it was.
std::optional<int64_t> turned_heads(const std::vector<int64_t>& source, const RowGroups& groups,
                                    bool to_halves) {
  if (groups.rotated < 4 || std::ssize(source) % groups.head != 0) return std::nullopt;
  int64_t turned = 0;
  for (int64_t head = 0; head < std::ssize(source); head += groups.head) {
    bool as_it_was = true;
    bool other = true;
    for (int64_t i = 0; i < groups.head; ++i) {
      int64_t from = i;
      if (i < groups.rotated) {
        const int64_t half = groups.rotated / 2;
        from = to_halves ? pair_row_of_half_row(i, groups.rotated) : i / 2 + (i % 2) * half;
      }
      const int64_t row = source[static_cast<size_t>(head + i)];
      as_it_was = as_it_was && row == head + i;
      other = other && row == head + from;
    }
    if (!other && !as_it_was) return std::nullopt;
    turned += as_it_was ? 0 : 1;
  }
  return turned;
}

std::optional<TensorChange> rope_order(const std::vector<int64_t>& source, const RowGroups& groups,
                                       const FileNames& names) {
  for (const bool to_halves : {true, false}) {
    const auto turned = turned_heads(source, groups, to_halves);
    if (!turned || *turned == 0) continue;
    return TensorChange{
        "rope-order",
        fmt::format("the rows of {} of {} lie as pairs in the {}, as halves in the {}: the "
                    "order that RoPE's pairs have",
                    counted(*turned, "head"), groups.head, to_halves ? names.a : names.b,
                    to_halves ? names.b : names.a)};
  }
  return std::nullopt;
}

/// The displacement that most rows have, and how many have it.
std::pair<int64_t, int64_t> usual_displacement(const std::vector<int64_t>& source) {
  std::map<int64_t, int64_t> counts;
  for (size_t i = 0; i < source.size(); ++i)
    if (source[i] != kNoRow) ++counts[source[i] - static_cast<int64_t>(i)];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  if (most == counts.end()) return {0, 0};
  return {most->first, most->second};
}

std::optional<TensorChange> row_shift(const std::vector<int64_t>& source, const FileNames& names) {
  const int64_t n = std::ssize(source);
  // Cyclic: the same displacement everywhere, counted round the end.
  const int64_t round = ((source.front() % n) + n) % n;
  bool cyclic = round != 0;
  for (int64_t i = 0; cyclic && i < n; ++i)
    cyclic = source[static_cast<size_t>(i)] == (i + round) % n;
  if (cyclic && round * 2 == n)
    return TensorChange{"row-shift",
                        fmt::format("its two halves of {} are exchanged", counted(round, "row"))};
  if (cyclic) {
    return TensorChange{"row-shift",
                        fmt::format("row 0 of the {} is row {} of the {}, and so on round the end",
                                    names.b, round, names.a)};
  }
  const auto [shift, rows] = usual_displacement(source);
  if (shift == 0 || static_cast<double>(rows) < kNearlyAll * static_cast<double>(n))
    return std::nullopt;
  const int64_t first = std::max<int64_t>(0, -shift);
  return TensorChange{
      "row-shift", fmt::format("row {} of the {} is row {} of the {}, and so on: {} of {}", first,
                               names.b, first + shift, names.a, grouped(rows), counted(n, "row"))};
}

/// Whether rows move in whole groups of `size`.
bool in_groups(const std::vector<int64_t>& source, int64_t size) {
  if (size < 2 || std::ssize(source) % size != 0) return false;
  for (int64_t first = 0; first < std::ssize(source); first += size) {
    const int64_t from = source[static_cast<size_t>(first)];
    if (from % size != 0) return false;
    for (int64_t i = 1; i < size; ++i)
      if (source[static_cast<size_t>(first + i)] != from + i) return false;
  }
  return true;
}

TensorChange other_order(const std::vector<int64_t>& source, const RowGroups& groups,
                         const FileNames& names) {
  int64_t moved = 0;
  size_t first = source.size();
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == static_cast<int64_t>(i)) continue;
    ++moved;
    first = std::min(first, i);
  }
  std::string text = fmt::format(
      "the same rows in another order, {} of {} elsewhere: row {} of the "
      "{} is row {} of the {}",
      grouped(moved), grouped(std::ssize(source)), first, names.b, source[first], names.a);
  if (in_groups(source, groups.expert)) {
    text += "; they move by whole experts";
  } else if (in_groups(source, groups.head)) {
    text += fmt::format("; they move by whole heads of {}", groups.head);
  }
  return {"row-order", std::move(text)};
}

}  // namespace

int64_t pair_row_of_half_row(int64_t i, int64_t rotated) {
  const int64_t half = rotated / 2;
  return i < half ? 2 * i : 2 * (i - half) + 1;
}

std::vector<uint64_t> row_hashes(const TensorValues& values, ThreadPool& pool) {
  const bool vector = values.tensor->dims == 1;
  const int64_t rows = vector ? values.tensor->ne[0] : rows_of(*values.tensor);
  std::vector<uint64_t> hashes(static_cast<size_t>(rows));
  for_each_part(
      values, pool,
      [&](const RowRange& range) {
        for_each_piece(values, range.first, range.last, [&](const Piece& piece) {
          for (size_t i = 0; i < piece.values.size(); ++i) {
            const auto row =
                vector ? static_cast<size_t>(piece.column) + i : static_cast<size_t>(piece.row);
            hashes[row] = mixed(hashes[row], piece.values[i]);
          }
        });
      },
      [](int64_t, std::span<const std::byte>) {});
  return hashes;
}

std::optional<TensorChange> find_row_order(const std::vector<uint64_t>& a,
                                           const std::vector<uint64_t>& b, const RowGroups& groups,
                                           const FileNames& names) {
  if (std::ssize(a) < kFewestMovedRows) return std::nullopt;
  const std::vector<int64_t> source = sources(a, b);
  const auto lost = std::ranges::count(source, kNoRow);
  if (lost > 0) return row_shift(source, names);
  if (groups.head > 0) {
    if (auto found = rope_order(source, groups, names)) return found;
  }
  if (auto found = row_shift(source, names)) return found;
  return other_order(source, groups, names);
}

}  // namespace crossval
