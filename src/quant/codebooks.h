// Codebooks of the IQ weight formats: an index names eight (64-bit entries) or four (32-bit)
// values, one per byte, the first in the lowest. Magnitudes, but for IQ1: signed bytes -1, 0, 1.
#pragma once

#include <cstdint>

namespace crossval {

extern const uint64_t kIq2XxsGrid[256];
extern const uint64_t kIq2XsGrid[512];
extern const uint64_t kIq2SGrid[1024];
extern const uint32_t kIq3XxsGrid[256];
extern const uint32_t kIq3SGrid[512];
extern const uint64_t kIq1Grid[2048];  // IQ1_S and IQ1_M

}  // namespace crossval
