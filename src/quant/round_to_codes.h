// Values as 8-bit codes would have them.
#pragma once

#include <cstdint>

namespace crossval {

/// Rounds n values to 8-bit codes and back; each `group` share a scale, which is rounded to
/// binary16. With groups of 32 that is Q8_0.
void round_to_codes(float* x, int64_t n, int64_t group);

}  // namespace crossval
