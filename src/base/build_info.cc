#include "base/build_info.h"

#include <gnu/libc-version.h>

#include "commit.h"

namespace crossval {

BuildInfo build_info() {
#ifdef __clang__
  const std::string compiler = "clang++ " + std::to_string(__clang_major__) + "." +
                               std::to_string(__clang_minor__) + "." +
                               std::to_string(__clang_patchlevel__);
#else
  const std::string compiler = "g++ " + std::to_string(__GNUC__) + "." +
                               std::to_string(__GNUC_MINOR__) + "." +
                               std::to_string(__GNUC_PATCHLEVEL__);
#endif
  return {CROSSVAL_VERSION, CROSSVAL_COMMIT, compiler, CROSSVAL_BUILD_FLAGS,
          std::string("glibc ") + gnu_get_libc_version()};
}

}  // namespace crossval
