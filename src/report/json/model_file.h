// Parts of model files as JSON.
#pragma once

#include "report/json/values.h"
#include "results/inspection.h"

namespace crossval {

Json json_tensor(const InspectedTensor& tensor);
Json json_metadata_entry(const MetadataEntry& entry);

}  // namespace crossval
