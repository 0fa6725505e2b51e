// Planted faults: one mistake of the kind that real engines make, so that the comparison can be
// tested on something known. Asked for as native:fault=NAME, printed in the engine's identity,
// never on by default.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/op.h"
#include "model/model.h"

namespace crossval {

/// What a fault may bend before the first evaluation: the model, or the operations that are made of
/// it.
struct FaultTarget {
  Model& model;
  std::vector<std::function<void(Graph&)>>& edits;  // applied once the graph is there
  bool& drop_bos;  // tokenise without the BOS that the model asks for
};

struct Fault {
  std::string_view name;
  std::string_view what;  // one phrase for --help and the docs
  Result<void> (*plant)(FaultTarget& target);
};

/// A private copy of a matrix's bytes, with the matrix pointing at it.
std::byte* own_copy(Model& model, Matrix& matrix);

/// All faults, in the order of the docs.
std::span<const Fault> faults();

/// Plants the fault called `name`. Errors (usage): no such fault; the message lists them all.
Result<void> plant_fault(std::string_view name, FaultTarget target);

}  // namespace crossval
