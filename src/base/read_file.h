// A whole file, pipe or standard input read into memory: for text that people write (prompts,
// messages, templates), not for models.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace crossval {

/// The bytes of `path`, or of standard input when it is "-". May be empty. Errors (bad_input_file):
/// cannot be opened or read, larger than `max_bytes`.
Result<std::string> read_file(const std::string& path, size_t max_bytes);

}  // namespace crossval
