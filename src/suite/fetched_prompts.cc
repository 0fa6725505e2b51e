#include "suite/fetched_prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/read_file.h"
#include "base/sha256.h"
#include "base/shell_quote.h"
#include "launch/reference/support_files.h"

namespace crossval {
namespace {

constexpr size_t kMostSetBytes = size_t{64} << 20;

// deps/prompts.txt says where they come from, and has the same hashes.
constexpr FetchedPromptSet kFetchedSets[] = {
    {.name = "naughty",
     .sha256 = "ee8b6012ae2f9a22200f2155203af01636cdb8bb9be0d0a3976959fe65859e98",
     .licence = "MIT",
     .prompts = 484},
    {.name = "code",
     .sha256 = "58a32cecd9c56a8292a4771dcb84e0af435db4c5be60bfa5e9bd65985be66779",
     .licence = "MIT",
     .prompts = 164},
    {.name = "languages",
     .sha256 = "c21ea02345cdf4dd899e35fb5ed0b6acb0d8a18ea10bc9877ecfaac9675963a7",
     .licence = "MIT; the declaration is free",
     .prompts = 532},
    {.name = "calib",
     .sha256 = "c18a4fe30ea4b27249bced2259b74705784d17235bfbef4e21f0b1876a2ef314",
     .licence = "MIT; the texts are of their authors",
     .prompts = 600},
};

const FetchedPromptSet* find_set(std::string_view name) {
  const auto* const found = std::ranges::find(kFetchedSets, name, &FetchedPromptSet::name);
  return found == std::end(kFetchedSets) ? nullptr : found;
}

tl::unexpected<Error> to_be_fetched(const FetchedPromptSet& set, std::string what,
                                    const std::string& path) {
  return fail(ExitCode::bad_input_file, std::move(what), path,
              fmt::format("Fetch it: {} {}\nIt has {} prompts ({}).",
                          shell_word(support_folder() + "/scripts/prompt_sets.py"), set.name,
                          set.prompts, set.licence));
}

}  // namespace

std::vector<std::string> fetched_prompt_sets() {
  std::vector<std::string> names;
  names.reserve(std::size(kFetchedSets));
  for (const FetchedPromptSet& set : kFetchedSets) names.emplace_back(set.name);
  return names;
}

bool is_fetched_prompt_set(std::string_view name) { return find_set(name) != nullptr; }

Result<std::vector<SuitePrompt>> fetched_prompts(std::string_view name,
                                                 const std::string& cache_folder) {
  const FetchedPromptSet* set = find_set(name);
  if (set == nullptr) return std::vector<SuitePrompt>();
  return fetched_prompts(*set, cache_folder);
}

Result<std::vector<SuitePrompt>> fetched_prompts(const FetchedPromptSet& set,
                                                 const std::string& cache_folder) {
  const std::string path = fmt::format("{}/prompts/{}.jsonl", cache_folder, set.name);
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) {
    return to_be_fetched(set, fmt::format("the prompt set \"{}\" has not been fetched", set.name),
                         path);
  }
  const auto text = read_file(path, kMostSetBytes);
  if (!text) return tl::unexpected(text.error());
  if (sha256_of(*text) != set.sha256) {
    return to_be_fetched(
        set, fmt::format("it is not the prompt set \"{}\": its SHA-256 is another", set.name),
        path);
  }
  return parse_prompt_lines(*text, path);
}

}  // namespace crossval
