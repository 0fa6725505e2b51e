// A noise floor, and a run beside it, as JSON (docs/floor.md).
#pragma once

#include <string>

#include "report/json/values.h"
#include "results/floor.h"

namespace crossval {

Json json_floor(const Floor& floor);

/// The text of a floor file.
std::string floor_document(const Floor& floor);

/// What a run is beside the floor; of the floor itself what it was judged by.
Json json_floor_comparison(const FloorComparison& comparison);

/// What `calibrate` says: the floor and where it was written.
std::string calibration_json(const Floor& floor, const std::string& path);

}  // namespace crossval
