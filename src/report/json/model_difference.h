// What two model files differ in, as JSON.
#pragma once

#include "report/json/values.h"
#include "results/inspection.h"

namespace crossval {

Json json_facts(const FileDifference& difference);    // all, equal ones too
Json json_tensors(const FileDifference& difference);  // those that differ
Json json_metadata(const FileDifference& difference);

/// All of it, as a part of another document.
Json json_model_difference(const FileDifference& difference);

}  // namespace crossval
