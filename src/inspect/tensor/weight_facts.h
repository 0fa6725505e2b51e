// What a model file says about the weight of one operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "results/non_finite.h"

namespace crossval {

/// One value of an operation's result, and so which rows of the weight it is made of.
struct WeightUse {
  std::string op;                // "MUL_MAT", "MUL_MAT_ID", "GET_ROWS", …
  int64_t element = 0;           // of the position's row of results
  int64_t token = 0;             // evaluated there
  int64_t position = 0;          // of it
  std::vector<int64_t> experts;  // that the position goes to, in order; empty: not known
};

struct WeightLook {
  bool read = false;  // the file has the tensor, in a format that we read
  std::optional<NonFiniteWeight> bad;
};

/// The first value that is not finite among those of tensor `name` that `use` reads.
WeightLook look_at_weight(const GgufFile& file, const std::string& name, const WeightUse& use);

/// Whether both files hold the same tensor: type, shape and bytes. Nothing when one of them has
/// none of this name.
std::optional<bool> same_tensor(const GgufFile& one, const GgufFile& other,
                                const std::string& name);

}  // namespace crossval
