// Which tensors of a checkpoint become which of a GGUF file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "checkpoint/architecture.h"
#include "checkpoint/transform.h"
#include "safetensors/reader.h"

namespace crossval {

/// In the order of their names in the GGUF, planned (transform.h). Views look into `tensors`.
/// Errors (bad_input_file): a tensor that no rule knows, two that become one, an expert that is
/// missing; those of plan(). `where` names the checkpoint.
Result<std::vector<MadeTensor>> map_tensors(std::span<const SafetensorsTensor> tensors,
                                            const CheckpointArchitecture& architecture,
                                            const HeadSizes& sizes, const std::string& where);

/// Whether `name` is what a pattern of a rule says: {} a layer, {e} an expert, numbers. Fills in
/// what these are.
struct PatternNumbers {
  int64_t layer = -1;
  int64_t expert = -1;
};
bool matches(std::string_view pattern, std::string_view name, PatternNumbers* numbers);

}  // namespace crossval
