// What two model files differ in, and how.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "gguf/file.h"
#include "inspect/difference/row_order.h"
#include "model/i2s_layout.h"
#include "results/inspection.h"

namespace crossval {

struct DifferenceOptions {
  std::string filter{};                       // names of tensors (name_matches)
  std::optional<I2sLayout> a_i2s{}, b_i2s{};  // by statistics when they are not given
  bool digests = true;  // the SHA-256 of each tensor; without, bytes are read up to a difference
  /// Tensors are decoded to see how they differ, the smallest first, until they have so many
  /// values.
  int64_t most_values = std::numeric_limits<int64_t>::max();
  int threads = 1;
  FileNames names{};
  /// Called after each tensor with the bytes read so far and in all.
  std::function<void(uint64_t done, uint64_t all)> progress{};
  std::stop_token stop{};
};

/// Metadata, what the models compute (model_facts.h), and those tensors whose names match
/// options.filter. Tensors are the same when type, shape and bytes are. Memory does not grow with
/// the files, but with the rows of a tensor (8 bytes each). Errors: interrupted.
Result<FileDifference> compare_files(const GgufFile& a, const GgufFile& b,
                                     const DifferenceOptions& options);

}  // namespace crossval
