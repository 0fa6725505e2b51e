// Which tensors are shown, and in which order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/inspection.h"

namespace crossval {

enum class TensorOrder { file, name, size, offset };

/// Whether `name` contains `filter`, or, when that has a * or ?, matches it as a whole: * any
/// characters, ? one. An empty filter matches everything.
bool name_matches(std::string_view name, std::string_view filter);

/// By name and by offset ascending, by size descending; tensors that tie stay in file order.
void sort_tensors(std::vector<InspectedTensor>& tensors, TensorOrder order);

}  // namespace crossval
