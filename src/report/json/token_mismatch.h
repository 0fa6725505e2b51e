// Where two engines' ids differ and why, as results show it (docs/result.schema.json).
#pragma once

#include "report/json/values.h"
#include "results/token_mismatch.h"

namespace crossval {

Json json_mismatch(const TokenMismatch& mismatch);

}  // namespace crossval
