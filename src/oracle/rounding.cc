#include "oracle/rounding.h"

#include "base/float16.h"

namespace crossval {

double rounded(double x, Grid grid) {
  const auto narrow = static_cast<float>(x);
  if (grid == Grid::f16) return f16_to_f32(f32_to_f16(narrow));
  return grid == Grid::bf16 ? bf16_to_f32(f32_to_bf16(narrow)) : x;
}

}  // namespace crossval
