// What this program was built from and with. Goes into identities and --version.
#pragma once

#include <string>

namespace crossval {

struct BuildInfo {
  std::string version;   // of the project
  std::string commit;    // "-dirty" when the tree had changes; empty outside git
  std::string compiler;  // "g++ 12.2.0"
  std::string flags;     // those that change numbers, and the build type
  std::string libc;  // of the running system, "glibc 2.36": its libm gives powf, cosf, sinf, expf
};

BuildInfo build_info();

}  // namespace crossval
