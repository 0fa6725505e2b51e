// What a front door lends to the launching of engines.
#pragma once

#include <stop_token>

#include "gguf/opened_files.h"

namespace crossval {

struct Launch {
  OpenedFiles files{};  // those of the run: no engine opens what another has opened
  /// File descriptor for what the scripts say that build a reference; -1: nobody wants to read it.
  int messages = -1;
  std::stop_token stop{};  // ends a build, the load of a model and an evaluation
};

}  // namespace crossval
