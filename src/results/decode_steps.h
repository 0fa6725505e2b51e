// How far a comparison goes beyond its prompt.
#pragma once

#include <cstdint>

namespace crossval {

inline constexpr int32_t kDecodeSteps = 4;  // unless another number is asked for

}  // namespace crossval
