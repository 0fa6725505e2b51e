// One GGUF file, read from memory with everything in it checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

constexpr uint64_t kGgufDefaultAlignment = 32;

/// One file of a model, parsed.
struct GgufPart {
  std::vector<GgufKey> keys;
  std::vector<GgufTensor> tensors;
  uint32_t version = 0;
  uint64_t alignment = kGgufDefaultAlignment;
  uint64_t size = 0;
  uint64_t data_start = 0;  // see GgufPartInfo
  uint64_t next_file = 0;   // where another GGUF file begins behind the data; 0: nowhere
};

/// `index`: which part of a split model it is. Views in the result point into `bytes`. Errors
/// (bad_input_file) name file, byte offset, and key or tensor.
Result<GgufPart> parse_gguf_part(std::span<const std::byte> bytes, const std::string& path,
                                 int index);

}  // namespace crossval
