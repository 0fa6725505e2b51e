// How positions turn queries and keys, in both forms that config.json has had: rope_theta with
// rope_scaling, and rope_parameters since transformers 5.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/config.h"
#include "checkpoint/key_list.h"
#include "checkpoint/numbers.h"

namespace crossval {

/// A tensor that no checkpoint holds: it follows from config.json.
struct ComputedTensor {
  std::string name;
  std::vector<float> values;
};

/// Keys rope.* and the tensors of factors. Errors are the config's: a kind of scaling that is not
/// known, members of it that are missing.
std::vector<ComputedTensor> add_rope(const JsonFile& config,
                                     const CheckpointArchitecture& architecture, KeyList& keys,
                                     Losses& losses);

}  // namespace crossval
