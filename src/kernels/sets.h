// The kernel sets built into this program; registry.cc lists them.
#pragma once

#include "kernels/kernels.h"

namespace crossval {

extern const KernelSet kScalarKernels;
extern const KernelSet kAvx2Kernels;  // x86-64 builds only

}  // namespace crossval
