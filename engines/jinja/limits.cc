#include "limits.h"

#include <sys/resource.h>

namespace crossval_jinja {
namespace {

// With a grace the first signal is the one that names the resource (SIGXCPU, not SIGKILL).
bool limit(int resource, rlim_t value, rlim_t grace = 0) {
  rlimit current{};
  if (getrlimit(static_cast<__rlimit_resource>(resource), &current) != 0) return false;
  if (current.rlim_max != RLIM_INFINITY && current.rlim_max < value) value = current.rlim_max;
  rlimit wanted{value, value + grace};
  if (current.rlim_max != RLIM_INFINITY && wanted.rlim_max > current.rlim_max) {
    wanted.rlim_max = current.rlim_max;
  }
  return setrlimit(static_cast<__rlimit_resource>(resource), &wanted) == 0;
}

}  // namespace

bool apply_limits() {
  return limit(RLIMIT_CPU, kCpuSeconds, /*grace=*/1) && limit(RLIMIT_AS, kMemoryBytes) &&
         limit(RLIMIT_STACK, kStackBytes) && limit(RLIMIT_CORE, 0) &&
         limit(RLIMIT_FSIZE, kMaxReplyBytes) && limit(RLIMIT_NOFILE, 8);
}

}  // namespace crossval_jinja
