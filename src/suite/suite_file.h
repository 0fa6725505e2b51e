// The suite file: which engines, models and prompts, and what is required (docs/suites.md,
// docs/suite.schema.json).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "prompt/request.h"
#include "results/comparison.h"

namespace crossval {

/// Two engines beside each other on one model.
struct SuitePair {
  std::string name{};                    // unique
  std::string model{};                   // path; empty where the engines' keys say
  std::string candidate{}, reference{};  // as a command line has them
  std::string tokenizer{};               // of the candidate; may be empty
  std::string require{};                 // cos, bits, floor; empty: cos, or what takes its place
  std::string floor{};                   // FILE or auto; empty: none
  double cos_tol = 0.999;
  double logprob_tol = 0.25;
  int32_t max_tokens = 4;
};

/// Where prompts come from: one of the members is set.
struct PromptSet {
  std::string file{};    // .jsonl: a prompt a line; .json: a conversation; else a text
  std::string folder{};  // each file of it
  std::string set{};     // one that comes with the program, or that scripts/prompt_sets.py fetches
  std::string where{};   // in the suite file, for errors
};

struct Suite {
  std::string name{};
  std::vector<SuitePair> pairs{};
  std::vector<PromptSet> prompts{};
  int32_t shards = 1;
  int32_t threads = 0;  // of each engine; 0: the machine's, divided among the runs that are going
  std::optional<int64_t> context{}, batch{};
  double timeout_seconds = 120;
  PromptRequest prompt{};  // template, system, kwargs, bos and special of every prompt
};

/// Paths are taken from the file's folder. Errors (bad_input_file): no JSON, a key that is not
/// known, missing, there twice or of another type, an engine that does not exist, a name that is
/// there twice; each with line and key.
Result<Suite> read_suite_file(const std::string& path);

/// Likewise, of the text of the file.
Result<Suite> parse_suite(std::string_view text, const std::string& path);

}  // namespace crossval
