// Settings of an engine that should not matter: what a noise floor is measured with.
#pragma once

#include <string>
#include <vector>

#include "engine/info.h"
#include "engine/spec.h"

namespace crossval {

struct NeutralSetting {
  std::string name;  // "keys and values in f32"
  EngineSpec engine;
};

struct NeutralSettings {
  std::vector<NeutralSetting> settings;
  std::vector<std::string> lacking;  // "flash attention: native has no such key"
};

/// What can be varied of the engine that `spec` describes and that runs as `info` says, on a
/// machine with so many cores: how the work is split, the type of keys and values, flash attention,
/// the build.
NeutralSettings neutral_settings(const EngineSpec& spec, const EngineInfo& info, int cores);

}  // namespace crossval
