// The result of `doctor` for programs (docs/doctor.md).
#pragma once

#include <string>

#include "results/diagnosis.h"

namespace crossval {

/// One document.
std::string diagnosis_json(const Diagnosis& diagnosis);

}  // namespace crossval
