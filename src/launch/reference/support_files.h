// Where the scripts are, and the sources that they build engines from.
#pragma once

#include <string>

namespace crossval {

/// A folder with scripts/, engines/, deps/ and src/protocol/: share/crossval beside the bin/ of an
/// installed program, wherever that was moved to, else the source tree that this one was built
/// from.
std::string support_folder();

}  // namespace crossval
