// Prompt sets that scripts/prompt_sets.py fetches into the user's cache.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "suite/prompts.h"

namespace crossval {

struct FetchedPromptSet {
  std::string_view name;
  std::string_view sha256;  // of the file: the same everywhere
  std::string_view licence;
  size_t prompts;
};

std::vector<std::string> fetched_prompt_sets();
bool is_fetched_prompt_set(std::string_view name);

/// The prompts of a set that there is, from prompts/NAME.jsonl in `cache_folder`. Errors
/// (bad_input_file): it has not been fetched, cannot be read, or is another file; each with the
/// command that fetches it.
Result<std::vector<SuitePrompt>> fetched_prompts(std::string_view name,
                                                 const std::string& cache_folder);

/// Likewise, of a set that need not be one of ours.
Result<std::vector<SuitePrompt>> fetched_prompts(const FetchedPromptSet& set,
                                                 const std::string& cache_folder);

}  // namespace crossval
