// What a result keeps of its prompt.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "prompt/prompt.h"
#include "results/comparison.h"

namespace crossval {

PromptRecord prompt_record(const Prompt& prompt);

std::vector<Warning> prompt_warnings(const Prompt& prompt);

/// Adds what the engine warns about, from its warning `first` on, behind "LABEL: " where there is a
/// label.
void append_warnings(const EngineInfo& engine, const std::string& label,
                     std::vector<Warning>& warnings, size_t first = 0);

/// Of a command with one engine: the prompt's, then the engine's about its files.
std::vector<Warning> all_warnings(const Prompt& prompt, const Engine& engine);

}  // namespace crossval
