// The result of `suite` for programs (docs/json.md, docs/result.schema.json).
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

/// One document with a final newline: a short record a prompt, no times. The same suite gives the
/// same bytes, however it was cut into shards.
std::string suite_json(const SuiteResult& suite);

}  // namespace crossval
