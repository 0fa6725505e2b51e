#include "compare/row_kernels.h"

namespace crossval {

const RowKernels& row_kernels() {
#ifdef __x86_64__
  static const bool avx2 = __builtin_cpu_supports("avx2") != 0;
  if (avx2) return avx2_row_kernels();
#endif
  return baseline_row_kernels();
}

}  // namespace crossval
