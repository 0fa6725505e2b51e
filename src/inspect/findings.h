// What a sound model file does not have. docs/inspect.md lists the names and what each means.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "gguf/file.h"
#include "inspect/tensor/scan.h"
#include "model/i2s_layout.h"
#include "model/model.h"
#include "results/inspection.h"

namespace crossval {

struct ScannedTensor {
  const GgufTensor* tensor = nullptr;
  TensorScan scan;
};

/// unused-bytes, trailing-bytes: bytes of the file that belong to nothing.
void find_in_layout(const GgufFile& file, std::vector<FileFinding>& findings);

/// missing-tensor, unknown-tensor, wrong-shape, wrong-type, unsound-weights.
void find_in_tensors(std::span<const TensorProblem> problems, std::vector<FileFinding>& findings);

/// wrong-i2s-layout: the statistics show another layout than the one asked for.
/// undecided-i2s-layout: none was asked for, and they show none.
void find_in_i2s_layout(const GgufFile& file, const I2sReading& reading,
                        std::optional<I2sLayout> asked, std::vector<FileFinding>& findings);

/// no-original-context: RoPE is scaled from a context that the file does not say.
void find_in_positions(const GgufFile& file, std::vector<FileFinding>& findings);

/// non-finite alone: of files that are no language model.
void find_non_finite(std::span<const ScannedTensor> tensors, std::vector<FileFinding>& findings);

/// non-finite, absurd-scale, constant, zero-rows, odd-norm, norms-without-one.
void find_in_values(const GgufFile& file, std::span<const ScannedTensor> tensors,
                    std::vector<FileFinding>& findings);

}  // namespace crossval
