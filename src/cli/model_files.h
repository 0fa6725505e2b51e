// Do two names stand for the same model?
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "gate/settings.h"

namespace crossval {

/// Compares all files of both models (a split model has several): the same files need no look at
/// their bytes, files of different sizes neither; others are read once and their SHA-256 is kept in
/// the cache folder (base/file_digest.h). Errors: bad_input_file; interrupted.
Result<ModelFiles> compare_model_files(const std::string& candidate, const std::string& reference,
                                       const std::string& cache_folder,
                                       const std::stop_token& stop);

}  // namespace crossval
