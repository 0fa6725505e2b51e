// Whether a model file is the model of a Hugging Face checkpoint: numbers, weights, vocabulary,
// chat template.
#pragma once

#include "base/error.h"
#include "gguf/file.h"
#include "inspect/difference/difference.h"
#include "results/checkpoint_comparison.h"

namespace crossval {

/// `checkpoint`: as read_checkpoint has it. Of the options, names are ours. Errors: interrupted.
Result<CheckpointComparison> compare_with_checkpoint(const GgufFile& file,
                                                     const GgufFile& checkpoint,
                                                     DifferenceOptions options);

}  // namespace crossval
