#include "quant/round_to_codes.h"

#include <algorithm>
#include <cmath>

#include "base/float16.h"

namespace crossval {

void round_to_codes(float* x, int64_t n, int64_t group) {
  for (int64_t begin = 0; begin < n; begin += group) {
    float* const end = x + std::min(n, begin + group);
    float largest = 0;
    for (const float* at = x + begin; at != end; ++at) largest = std::max(largest, std::fabs(*at));
    const float multiplier = largest == 0 ? 0 : 127.0F / largest;
    const float d = f16_to_f32(f32_to_f16(largest / 127.0F));
    for (float* at = x + begin; at != end; ++at) *at = d * std::nearbyint(*at * multiplier);
  }
}

}  // namespace crossval
