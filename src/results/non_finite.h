// Where NaN or infinity came into an engine's computation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/health.h"

namespace crossval {

/// A value of a model file that is not finite.
struct NonFiniteWeight {
  std::string tensor;
  int64_t expert = -1;  // of a tensor with a matrix per expert; else -1
  int64_t row = 0;      // of that expert's matrix, or of the tensor
  int64_t column = 0;
  int64_t block = -1;  // within the row, of the formats that have blocks; else -1
  float value = 0;
};

/// What a tensor was computed from.
struct NonFiniteInput {
  std::string tensor;   // "ffn_norm-3 MUL"
  bool traced = false;  // the rest is known
  bool finite = true;
  double largest = 0;  // magnitude of its finite values at the position
};

/// The first tensor of one engine, in its graph order, that is not finite at the first position
/// whose logits are not.
struct NonFiniteOrigin {
  Side side = Side::candidate;
  int32_t position = 0;
  bool found = false;  // else every tensor that the engine shows is finite there
  std::string tensor;  // "ffn_down-12"
  std::string op;      // "MUL_MAT"
  int32_t layer = -1;
  int64_t element = 0;  // the first such value of the position's row …
  int64_t width = 0;    // … of so many
  float value = 0;
  std::vector<NonFiniteInput> inputs;  // empty: the wiring is not known
  std::string before;                  // the tensor shown before it; empty: there was none
  std::string weight;                  // the model's tensor that it is computed with, where known
  bool weight_read = false;            // the weights that this value is made of were looked at
  std::optional<NonFiniteWeight> bad_weight;  // the first of them that is not finite
};

}  // namespace crossval
