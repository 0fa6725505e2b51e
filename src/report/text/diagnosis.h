// The result of `doctor`, for people (docs/doctor.md).
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/diagnosis.h"

namespace crossval {

/// One paragraph per check: its state, its name, what was found, what to do.
std::string diagnosis_text(const Diagnosis& diagnosis, const Layout& layout);

}  // namespace crossval
