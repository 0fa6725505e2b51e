// The result of `doctor`, for people and for programs (docs/doctor.md).
#pragma once

#include <string>

#include "report/layout.h"
#include "results/diagnosis.h"

namespace crossval {

/// One paragraph per check: its state, its name, what was found, what to do.
std::string diagnosis_text(const Diagnosis& diagnosis, const Layout& layout);

/// One document.
std::string diagnosis_json(const Diagnosis& diagnosis);

}  // namespace crossval
