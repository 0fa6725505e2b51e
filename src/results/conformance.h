// The result of `conformance`: what a program does of the engine protocol, rule by rule.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"

namespace crossval {

enum class Keeping { kept, broken, not_checked };

struct ConformanceItem {
  std::string name;  // stable
  std::string rule;
  Keeping keeping = Keeping::not_checked;
  std::string why{};  // of what is broken or not checked
};

struct Conformance {
  EngineInfo engine;  // empty when it never got ready
  std::vector<ConformanceItem> items;
};

inline ExitCode exit_code(const Conformance& conformance) {
  const bool broken = std::ranges::any_of(conformance.items, [](const ConformanceItem& item) {
    return item.keeping == Keeping::broken;
  });
  return broken ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
