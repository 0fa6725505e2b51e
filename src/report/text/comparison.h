// The result of `per-token` for people.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/comparison.h"

namespace crossval {

struct TextOptions {
  Layout layout;
  bool verbose = false;  // decisions, builds, settings that change no number
  bool all = false;      // every position
};

std::string text_report(const Comparison& comparison, const TextOptions& options);

}  // namespace crossval
