// The JSON form of an error (docs/json.md).
#pragma once

#include <string>

#include "base/error.h"

namespace crossval {

/// One document with a final newline; text that is not UTF-8 is made so.
std::string json_error(const Error& error);

}  // namespace crossval
