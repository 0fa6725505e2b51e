// The bytes of a tensor of a checkpoint as a GGUF file has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "checkpoint/architecture.h"
#include "safetensors/reader.h"

namespace crossval {

/// Sizes that some changes need; of a model.
struct HeadSizes {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t latent_keys = 0;  // of a head, of deepseek2's kv_b_proj
  int64_t latent_values = 0;
};

/// One that is to be made.
struct MadeTensor {
  std::string name;  // in the GGUF
  TensorChange change = TensorChange::none;
  bool plus_one = false;
  std::vector<const SafetensorsTensor*> sources;  // more than one: stacked, in this order

  std::vector<int64_t> ne;  // row width first
  uint32_t type_id = 0;     // F32, F16, BF16
  bool as_stored = false;   // its bytes are those of the source

  uint64_t bytes() const;
};

/// Fills in shape and type: as stored, but F32 for vectors and what llama.cpp reads as F32 alone.
/// Errors (bad_input_file): a dtype other than F32, F16 and BF16, a shape that the change cannot
/// have.
Result<void> plan(MadeTensor& tensor, const HeadSizes& sizes, const std::string& where);

/// Of a tensor that was planned.
std::vector<std::byte> bytes_of(const MadeTensor& tensor, const HeadSizes& sizes);

}  // namespace crossval
