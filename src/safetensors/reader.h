// Reads a file in the safetensors format (https://huggingface.co/docs/safetensors) out of memory
// that someone else holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace crossval {

struct SafetensorsTensor {
  std::string name;
  std::string dtype;           // as the file has it: "BF16"
  std::vector<int64_t> shape;  // slowest first: rows, width; empty: one value
  std::span<const std::byte> data;

  /// The product of the shape.
  int64_t elements() const;
};

/// All tensors, in the order of their data. Errors (bad_input_file) name file and tensor: a header
/// that is cut off, longer than the format allows or no JSON; a dtype that the format does not
/// have; a size that is not that of shape and dtype; data outside the file, twice used or not at
/// all.
Result<std::vector<SafetensorsTensor>> parse_safetensors(std::span<const std::byte> bytes,
                                                         const std::string& path);

}  // namespace crossval
