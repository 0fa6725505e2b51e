#include <cstdint>

#include "compare/row_kernels.h"
#include "compare/row_kernels.inc"

namespace crossval {

const RowKernels& avx2_row_kernels() {
  static constexpr RowKernels kKernels{"avx2", raw_sums, centred_sums, find_above};
  return kKernels;
}

}  // namespace crossval
