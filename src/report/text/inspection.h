// The results of `inspect` for people.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/inspection.h"

namespace crossval {

std::string inspection_text(const Inspection& inspection, const Layout& layout);
std::string tensor_text(const TensorInspection& inspection, const Layout& layout);
std::string difference_text(const FileDifference& difference, const Layout& layout);

}  // namespace crossval
