// How many positions engines get where a model has learned an embedding for each of its positions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/opened_files.h"

namespace crossval {

inline constexpr int64_t kDefaultContext = 2048;

/// The context of engines that run these model files: what was asked for, else the default, cut to
/// the positions that each of them has learned. A file that cannot be read limits nothing: its
/// engine says what is wrong with it. Errors (usage): more was asked for than a model has learned.
Result<int64_t> context_size(std::optional<int64_t> asked, const std::vector<std::string>& models,
                             const OpenedFiles& files);

}  // namespace crossval
