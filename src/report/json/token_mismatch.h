// Where two engines' ids differ and why, as results show it (docs/result.schema.json).
#pragma once

#include "gate/token_mismatch.h"
#include "report/json/values.h"

namespace crossval {

Json json_mismatch(const TokenMismatch& mismatch);

}  // namespace crossval
