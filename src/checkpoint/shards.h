// The weight files of a checkpoint.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "gguf/file.h"
#include "safetensors/reader.h"

namespace crossval {

struct Shards {
  std::vector<MappedFile> maps;
  std::vector<GgufPartInfo> files;
  std::vector<SafetensorsTensor> tensors;  // of all; views into the maps
};

/// model.safetensors, or the shards that model.safetensors.index.json names. Errors
/// (bad_input_file): a shard is missing or refused by its reader, a tensor is in none or in two.
Result<Shards> open_shards(const std::string& folder);

}  // namespace crossval
