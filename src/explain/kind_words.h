// How an operation is called in a report.
#pragma once

#include <string>

#include "graph/op.h"

namespace crossval {

/// "RoPE", "matrix product".
std::string kind_words(const Action& action);

}  // namespace crossval
