// A noise floor, for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/floor.h"

namespace crossval {

/// What `calibrate` says: a line per setting, the pair, what is lacking, where the floor was
/// written.
std::string calibration_text(const Floor& floor, const std::string& path,
                             const TextOptions& options);

/// A log ratio of distances as people read it: "4.1 % larger", "2.0 % smaller".
std::string ratio_text(double log_ratio);

/// The name of the floor's pair; empty when it has none.
std::string pair_name(const Floor& floor);

}  // namespace crossval
