// A floor file read back (docs/floor.md).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "results/floor.h"

namespace crossval {

/// From the text of a floor file. Errors (bad_input_file): no JSON, another kind or version of
/// document, a field that is missing, of another type or impossible; each names `path` and the
/// field.
Result<Floor> read_floor(std::string_view text, const std::string& path);

/// The same of a file. Errors: as above; those of read_file.
Result<Floor> read_floor_file(const std::string& path);

}  // namespace crossval
