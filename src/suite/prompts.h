// The prompts of a suite, read from where they are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "results/suite.h"

namespace crossval {

struct PromptSet;

struct SuitePrompt {
  std::string id;  // unique in a suite
  /// As it is, a conversation as JSON (docs/prompts.md), or ids as --tokens takes them.
  std::string text{};
  PromptKind kind = PromptKind::text;
  /// Figures are of the positions from here on that have a next token in the prompt; what is in
  /// front is context. None: of all positions.
  std::optional<int32_t> score_from{};
};

/// All of them, in order. A JSONL line is an object with "text" or "prompt" (a string) or
/// "messages" (a list) or "tokens" (a list of ids), perhaps "score_from", and an "id" or "task_id"
/// of its own; without one it is called FILE:LINE.
/// Files of a folder are called by their paths in it. Errors (bad_input_file): unreadable, empty,
/// neither UTF-8 nor of that form, two prompts of one id, a set that has not been fetched.
/// `vocabularies` are for sets that are cut into chunks (suite/chunks.h).
Result<std::vector<SuitePrompt>> read_prompts(std::span<const PromptSet> sets,
                                              std::span<const std::string> vocabularies);

/// From the text of a JSONL file called `path`.
Result<std::vector<SuitePrompt>> parse_prompt_lines(std::string_view text, const std::string& path);

/// As a JSONL file that parse_prompt_lines reads back.
std::string prompt_lines(std::span<const SuitePrompt> prompts);

}  // namespace crossval
