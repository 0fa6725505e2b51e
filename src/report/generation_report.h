// The result of `run`, beside the generated text itself (docs/json.md).
#pragma once

#include <string>

#include "report/layout.h"
#include "results/generation.h"

namespace crossval {

/// How much, how fast and why it ended, one line: "12 tokens of prompt, 300.1 tokens/s; …".
std::string generation_summary(const Generation& generation);

/// The engine, the prompt's text, the choices made for it, and all ids.
std::string generation_details(const Generation& generation, const Layout& layout);

/// One document.
std::string generation_json(const Generation& generation);

}  // namespace crossval
