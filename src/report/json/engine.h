// An engine's identity and settings as JSON.
#pragma once

#include "engine/info.h"
#include "report/json/values.h"

namespace crossval {

Json json_engine(const EngineInfo& info);

}  // namespace crossval
