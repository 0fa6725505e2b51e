// In what an engine is asked to keep keys and values.
#pragma once

#include <string>

#include "engine/spec.h"
#include "launch/engine_defaults.h"

namespace crossval {

inline std::string kv_type(const EngineSpec& spec, const EngineDefaults& defaults) {
  return spec.get("kv", defaults.kv.empty() ? "f16" : defaults.kv);
}

}  // namespace crossval
