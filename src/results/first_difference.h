// The first intermediate tensor whose bits differ (--first-diff).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crossval {

/// A tensor that another was computed from.
struct TensorInput {
  std::string tensor;     // "Qcur-0 MUL_MAT", "inp_pos"
  bool compared = false;  // both engines show it …
  bool equal = false;     // … and its values are the same
};

struct FirstDifference {
  std::string tensor;  // upstream's name with layer: "Qcur-0"
  std::string op;      // "ROPE"
  int32_t occurrence = 0;
  int32_t layer = -1;
  int32_t position = 0;
  int64_t element = 0;  // within the position's row
  int64_t width = 0;    // values of a row
  float candidate = 0, reference = 0;
  int64_t differing = 0;  // values of this tensor, over all positions compared, that differ
  int64_t compared = 0;
  double max_abs_diff = 0;  // over them
  std::string last_equal;   // the tensor compared before it, bit-equal; empty when there was none
  // What it was computed from. Without inputs and weight neither engine tells.
  std::vector<TensorInput> inputs;
  std::string weight;               // the model's tensor among them
  std::optional<bool> same_weight;  // of two model files: both hold the same bytes; else none
};

struct TraceComparison {
  int64_t tensors_compared = 0;  // present on both sides; 0 is a failure, never "no difference"
  std::vector<std::string> only_candidate, only_reference;  // names without a partner
  bool differs = false;
  FirstDifference first;  // meaningful when differs
};

}  // namespace crossval
