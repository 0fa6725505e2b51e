// What the engines in this process run with, from their keys and the defaults.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"
#include "quant/i2s.h"

namespace crossval {

struct LocalRun {
  int threads = 1;
  int64_t n_batch = 512;  // positions of one chunk
  std::optional<I2sLayout> i2s_layout{};
  int64_t n_ctx = 2048;
  std::vector<std::string> faults{};  // fault=a+b
};

/// Errors: usage.
Result<LocalRun> local_run(const EngineSpec& spec, const EngineDefaults& defaults,
                           const Launch& launch);

/// Nothing is evaluated, and no fault is to be planted: that takes a whole model.
bool needs_vocabulary_alone(const EngineSpec& spec, const EngineDefaults& defaults);

/// The model's vocabulary alone, which is the same for all of them. Errors: bad_input_file.
Result<std::unique_ptr<Engine>> local_vocabulary(const EngineSpec& spec,
                                                 const EngineDefaults& defaults,
                                                 const Launch& launch);

/// Whether keys and values are kept in f16; else in f32. Errors (usage): another type.
Result<bool> keeps_f16(const EngineSpec& spec, const EngineDefaults& defaults);

}  // namespace crossval
