// The rules of the protocol, and how each is checked.
#pragma once

#include <span>

#include "base/error.h"
#include "conformance/program.h"
#include "results/conformance.h"

namespace crossval {

/// How a check ends: kept, or not checked with the reason. An error's `what` is what is broken.
struct Checked {
  Keeping keeping = Keeping::kept;
  std::string why{};
};

struct Rule {
  const char* name;
  const char* text;
  Result<Checked> (*check)(CheckedProgram& program);
};

std::span<const Rule> conformance_rules();

}  // namespace crossval
