// Tensor type numbers that have other meanings outside of upstream's llama.cpp of today.
#pragma once

#include <cstdint>
#include <string_view>

namespace crossval {

/// What forks and older versions of llama.cpp store under a type number; empty when we know of
/// nothing. A number of ours may be among them: such tensors are told apart by their size.
std::string_view foreign_type(uint32_t type_id);

}  // namespace crossval
