// Metadata of a model file as plain data.
#pragma once

#include "gguf/file.h"
#include "results/inspection.h"

namespace crossval {

/// Of an array the first `shown` elements.
MetadataEntry metadata_entry(const GgufKey& key, uint64_t shown);

/// Whether two keys have the same type and value, every element of an array included.
bool same_value(const GgufKey& a, const GgufKey& b);

}  // namespace crossval
