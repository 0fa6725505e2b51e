// Holds a program against docs/protocol.md.
#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"
#include "process/engine.h"
#include "results/conformance.h"

namespace crossval {

/// Checks every rule, in the order of the document; each starts from a program that works. A rule
/// that the program's capabilities leave out is not checked. `progress` is told each rule's name.
/// Errors: interrupted.
Result<Conformance> check_conformance(const ProcessOptions& options,
                                      const std::function<void(std::string_view)>& progress);

}  // namespace crossval
