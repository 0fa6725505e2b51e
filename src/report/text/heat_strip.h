// The operations of an engine's layers at a glance: a line for each kind of value, a column for
// each layer.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/explanation.h"

namespace crossval {

/// Lines of values that are beyond the limit somewhere: "·" within it, a digit for the power of ten
/// of the units beyond, blank where nothing was judged. Layers that do not fit into the width share
/// a column, which shows the worst of them. Empty where one layer says it all.
std::string heat_strip(const JudgedEngine& engine, double limit, const Layout& layout);

}  // namespace crossval
