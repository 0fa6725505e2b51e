// The ways in which an engine's work can be cut that must not change its numbers.
#pragma once

#include <string>
#include <vector>

#include "engine/info.h"
#include "engine/spec.h"
#include "results/invariance.h"

namespace crossval {

struct WayToRun {
  std::string setting, name;  // as InvarianceCell has them
  EngineSpec engine;
  Feeding feeding = Feeding::at_once;
  std::string lacking{};  // why it cannot be run; empty: it can
};

/// Of the engine that `spec` describes and that runs as `info` says. `together`: how many of it are
/// to compute at the same time, one of them what is compared.
std::vector<WayToRun> ways_to_run(const EngineSpec& spec, const EngineInfo& info, int together);

}  // namespace crossval
