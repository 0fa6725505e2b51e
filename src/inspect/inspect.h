// Looks into one model file. Whatever is readable is shown, supported or not; the weights are
// streamed, so that a file larger than memory needs little of it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "gguf/file.h"
#include "inspect/tensor/selection.h"
#include "model/i2s_layout.h"
#include "results/inspection.h"

namespace crossval {

struct InspectOptions {
  std::string filter;  // of the tensors that are shown; findings are about all
  TensorOrder order = TensorOrder::file;
  bool weights = true;                    // read them: figures, and findings about values
  std::optional<I2sLayout> i2s_layout{};  // of I2_S weights; by statistics when it is not given
  int threads = 1;
  /// Called after each tensor with the bytes read so far and in all.
  std::function<void(uint64_t done, uint64_t all)> progress{};
};

/// Errors (bad_input_file): the file is refused by the reader (docs/gguf.md).
Result<Inspection> inspect_file(const std::string& path, const InspectOptions& options);

/// One tensor; figures are the same in every layout of I2_S. Errors: the file is refused, or has no
/// such tensor (usage), or the tensor's type is not known (bad_input_file).
Result<TensorInspection> inspect_tensor(const std::string& path, const std::string& name,
                                        int threads);

std::optional<I2sFacts> facts_of(const std::optional<I2sReading>& reading);

/// As the file lists it, without figures.
InspectedTensor listed_tensor(const GgufTensor& tensor);

}  // namespace crossval
