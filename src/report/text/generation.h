// The result of `run` for people, beside the generated text itself.
#pragma once

#include <string>

#include "report/text/layout.h"
#include "results/generation.h"

namespace crossval {

/// How much, how fast and why it ended, one line: "12 tokens of prompt, 300.1 tokens/s; …".
std::string generation_summary(const Generation& generation);

/// The engine, the prompt's text, the choices made for it, and all ids.
std::string generation_details(const Generation& generation, const Layout& layout);

}  // namespace crossval
