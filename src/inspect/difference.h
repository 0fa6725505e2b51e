// What two model files differ in.
#pragma once

#include <string>

#include "base/error.h"
#include "inspect/inspect.h"
#include "results/inspection.h"

namespace crossval {

/// Metadata, and those tensors whose names match options.filter. Tensors of equal shape whose bytes
/// or types differ are compared by their decoded values. Errors (bad_input_file): a file is refused
/// by the reader.
Result<FileDifference> compare_files(const std::string& a, const std::string& b,
                                     const InspectOptions& options);

}  // namespace crossval
