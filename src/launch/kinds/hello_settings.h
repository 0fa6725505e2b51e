// What every engine that is another program is told when it starts.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "engine/spec.h"
#include "launch/engine_defaults.h"
#include "launch/launch.h"

namespace crossval {

/// model, kv, threads, tokens_only; n_ctx and n_batch where somebody asked for them, as else they
/// are the program's to choose (docs/protocol.md, "hello"). Errors: usage; those of context_size.
Result<std::map<std::string, std::string>> hello_settings(const EngineSpec& spec,
                                                          const EngineDefaults& defaults,
                                                          const Launch& launch);

}  // namespace crossval
