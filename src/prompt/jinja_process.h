// Renders chat templates in a process of its own (engines/jinja), so that a hostile or broken
// template ends there: bounded processor time, memory, stack and output.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "prompt/template_renderer.h"

namespace crossval {

/// A renderer that runs the program at `path`, built by scripts/reference.sh. `timeout` is wall
/// time per template, for one that waits: the program itself bounds its processor time.
TemplateRenderer jinja_process(std::string path, std::stop_token stop = {},
                               std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace crossval
