#include <cstdint>

#include "compare/row_kernels.h"
#include "compare/row_kernels.inc"

namespace crossval {

const RowKernels& baseline_row_kernels() {
  static constexpr RowKernels kKernels{"baseline", raw_sums, centred_sums, find_above};
  return kKernels;
}

}  // namespace crossval
