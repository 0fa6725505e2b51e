// What a run says beside its result.
#pragma once

#include <string>

namespace crossval {

/// Something the user should know that decides nothing. Names are stable.
struct Warning {
  std::string name;
  std::string message;
};

}  // namespace crossval
