#include <cstdlib>

#include "kernels/sets.h"

namespace crossval {
namespace {

// Slowest first.
constexpr const KernelSet* kSets[] = {
    &kScalarKernels,
#ifdef CROSSVAL_AVX2
    &kAvx2Kernels,
#endif
};

std::string names_here() {
  std::string names;
  for (const KernelSet* set : kSets) {
    if (!names.empty()) names += ", ";
    names += set->name;
    if (!set->supported()) names += " (not on this processor)";
  }
  return names;
}

}  // namespace

std::span<const KernelSet* const> kernel_sets() { return kSets; }

Result<const KernelSet*> choose_kernels() {
  const char* wanted = std::getenv("CROSSVAL_KERNELS");
  const KernelSet* best = nullptr;
  for (const KernelSet* set : kSets) {
    if (wanted == nullptr) {
      if (set->supported()) best = set;
    } else if (set->name == wanted) {
      if (set->supported()) return set;
      return fail(ExitCode::usage,
                  "kernel set " + std::string(wanted) + " needs instructions this processor lacks",
                  "environment variable CROSSVAL_KERNELS", "Use one of: " + names_here());
    }
  }
  if (wanted != nullptr) {
    return fail(ExitCode::usage, "unknown kernel set \"" + std::string(wanted) + "\"",
                "environment variable CROSSVAL_KERNELS", "Use one of: " + names_here());
  }
  return best;  // scalar is always supported
}

}  // namespace crossval
