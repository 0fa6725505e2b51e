// What people give as an engine that is none of ours: another project's name, a file, a server
// without its http://.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace crossval {

/// Why `text` cannot be an engine, and the way that there is for it: a program that speaks
/// docs/protocol.md, a dump to compare by hand, a llama.cpp tree, a model file. Nothing when it is
/// none of these: a name that may be ours, or mistyped.
std::optional<Error> refuse_foreign_engine(const std::string& text);

}  // namespace crossval
