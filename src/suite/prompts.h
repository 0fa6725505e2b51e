// The prompts of a suite, read from where they are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

struct PromptSet;

struct SuitePrompt {
  std::string id;         // unique in a suite
  std::string text{};     // as it is, or a conversation as JSON (docs/prompts.md)
  bool messages = false;  // it is a conversation
};

/// All of them, in order. A JSONL line is an object with "text" or "prompt" (a string) or
/// "messages" (a list) and an "id" or "task_id" of its own; without one it is called FILE:LINE.
/// Files of a folder are called by their paths in it. Errors (bad_input_file): unreadable, empty,
/// neither UTF-8 nor of that form, two prompts of one id, a set that has not been fetched.
Result<std::vector<SuitePrompt>> read_prompts(std::span<const PromptSet> sets);

/// From the text of a JSONL file called `path`.
Result<std::vector<SuitePrompt>> parse_prompt_lines(std::string_view text, const std::string& path);

/// As a JSONL file that parse_prompt_lines reads back.
std::string prompt_lines(std::span<const SuitePrompt> prompts);

}  // namespace crossval
