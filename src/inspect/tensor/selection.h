// Tensors by their names: which are shown, in which order, which are of a kind.
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

/// "blk.7.attn_norm.weight" -> "blk.*.attn_norm.weight"; other names as they are.
std::string kind_of(std::string_view name);

/// By name and by offset ascending, by size descending; tensors that tie stay in file order.
void sort_tensors(std::vector<InspectedTensor>& tensors, TensorOrder order);

}  // namespace crossval
