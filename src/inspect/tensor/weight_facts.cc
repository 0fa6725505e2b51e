#include "inspect/tensor/weight_facts.h"

#include <algorithm>
#include <cmath>

#include "inspect/tensor/values.h"

namespace crossval {
namespace {

struct Rows {
  int64_t first = 0, last = 0;
};

Rows one_row(int64_t row) { return {row, row + 1}; }

/// Of all slices, one behind the other. Row i of a matrix makes value i of the result.
std::vector<Rows> rows_used(const GgufTensor& tensor, const WeightUse& use) {
  const int64_t all = rows_of(tensor);
  const int64_t height = tensor.ne[1];
  const int64_t experts = tensor.ne[2];
  std::vector<Rows> rows;
  const auto add = [&](int64_t row) {
    if (row >= 0 && row < all) rows.push_back(one_row(row));
  };
  if (use.op == "MUL_MAT") {
    add(use.element % height);
  } else if (use.op == "MUL_MAT_ID") {
    const auto slot = static_cast<size_t>(use.element / height);
    if (slot < use.experts.size()) {
      add(use.experts[slot] * height + use.element % height);
    } else {
      for (int64_t e = 0; e < experts; ++e) add(e * height + use.element % height);
    }
  } else if (use.op == "ADD_ID") {
    const auto slot = static_cast<size_t>(use.element / tensor.ne[0]);
    if (slot < use.experts.size()) add(use.experts[slot]);
  } else if (use.op == "GET_ROWS") {
    add(tensor.name == "position_embd.weight" ? use.position : use.token);
  } else {
    rows.push_back({0, all});
  }
  return rows;
}

NonFiniteWeight place_of(const TensorValues& values, int64_t row, int64_t column, float value) {
  const GgufTensor& tensor = *values.tensor;
  const int64_t block = values.format->block_elements;
  const bool expert = tensor.ne[2] > 1;
  return {.tensor = std::string(tensor.name),
          .expert = expert ? row / tensor.ne[1] : -1,
          .row = expert ? row % tensor.ne[1] : row,
          .column = column,
          .block = block > 1 ? column / block : -1,
          .value = value};
}

}  // namespace

WeightLook look_at_weight(const GgufFile& file, const std::string& name, const WeightUse& use) {
  WeightLook look;
  const GgufTensor* tensor = file.find_tensor(name);
  const auto values = tensor == nullptr ? std::nullopt : values_of(file, *tensor);
  if (!values) return look;
  look.read = true;
  for (const Rows& rows : rows_used(*tensor, use)) {
    for_each_piece(*values, rows.first, rows.last, [&](const Piece& piece) {
      if (look.bad) return;
      const auto bad =
          std::ranges::find_if(piece.values, [](float value) { return !std::isfinite(value); });
      if (bad == piece.values.end()) return;
      look.bad = place_of(*values, piece.row, piece.column + (bad - piece.values.begin()), *bad);
    });
    if (look.bad) break;
  }
  return look;
}

std::optional<bool> same_tensor(const GgufFile& one, const GgufFile& other,
                                const std::string& name) {
  const GgufTensor* a = one.find_tensor(name);
  const GgufTensor* b = other.find_tensor(name);
  if (a == nullptr || b == nullptr) return std::nullopt;
  return a->type_id == b->type_id && a->ne == b->ne && std::ranges::equal(a->data, b->data);
}

}  // namespace crossval
