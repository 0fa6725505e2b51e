// The suite file: which engines, models and prompts, and what is required (docs/suites.md,
// docs/suite.schema.json).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "prompt/request.h"
#include "results/comparison.h"
#include "results/comparison_defaults.h"
#include "results/suite_limits.h"
#include "suite/chunks.h"

namespace crossval {

/// Two engines beside each other on one model.
struct SuitePair {
  std::string name{};                    // unique
  std::string model{};                   // path; empty where the engines' keys say
  std::string candidate{}, reference{};  // as a command line has them
  std::string tokenizer{};               // of the candidate; may be empty
  std::string require{};                 // cos, bits, floor; empty: cos, or what takes its place
  std::string floor{};                   // FILE or auto; empty: none
  double cos_tol = kCosTol;
  double logprob_tol = kLogprobTol;
  int32_t max_tokens = kDecodeSteps;
  std::vector<PairLimit> limits{};  // in the order of kLimitedFigures, each figure once
};

/// Two engines on two files of one model: two of the suite's pairs, and what they say together.
struct SuiteSquare {
  std::string name{};
  std::array<std::string, 2> engines{};  // the reference, the candidate
  std::array<std::string, 2> models{};   // names: the full one, the quantised one
  std::array<size_t, 2> pairs{};         // indices into Suite::pairs, by model
};

/// Where prompts come from: one of the members is set.
struct PromptSet {
  std::string file{};                // .jsonl: a prompt a line; .json: a conversation; else a text
  std::string folder{};              // each file of it
  std::string set{};                 // one of the program, or fetched (suite/fetched_prompts.h)
  std::optional<ChunkPlan> chunk{};  // of a file that is one text
  std::string sha256{};              // that a file must have; empty: any
  std::string where{};               // in the suite file, for errors
};

struct Suite {
  std::string name{};
  std::string folder{};  // of the file, absolute
  /// Paths as the file has them, by what they are taken for.
  std::map<std::string, std::string> given{};
  std::vector<SuitePair> pairs{};
  std::vector<SuiteSquare> two_by_two{};
  std::vector<PromptSet> prompts{};
  int32_t shards = 1;
  int32_t explain = 0;  // how many of the farthest runs that fail; no part of the manifest
  int32_t threads = 0;  // of each engine; 0: the machine's, divided among the runs that are going
  std::optional<int64_t> context{}, batch{};
  double timeout_seconds = 120;
  std::string baseline{};  // path of what was accepted (suite/baseline.h); empty: none
  double slack = 1;        // how many times an accepted figure may be exceeded
  PromptRequest prompt{};  // template, system, kwargs, bos and special of every prompt
};

/// The files that have the vocabularies of the suite's engines, each once: tokenizers and models.
std::vector<std::string> vocabularies_of(const Suite& suite);

/// A path of a suite file that lies in `folder`.
std::string path_beside(const std::string& folder, const std::string& path);

/// Paths are taken from the file's folder. Errors (bad_input_file): no JSON, a key that is not
/// known, missing, there twice or of another type, an engine that does not exist, a name that is
/// there twice; each with line and key.
Result<Suite> read_suite_file(const std::string& path);

/// Likewise, of the text of the file.
Result<Suite> parse_suite(std::string_view text, const std::string& path);

}  // namespace crossval
