// What keeps a suite from passing, one finding a run or a limit: for readers that show findings at
// places.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/suite.h"

namespace crossval {

struct SuiteFinding {
  std::string kind;     // one of kFindingKinds
  std::string title;    // "PAIR, PROMPT: DIVERGED", "PAIR, mean_kl: BEYOND-LIMITS"
  std::string message;  // one line
  std::string command;  // that shows it alone; empty where nothing was run, and of a limit
  int32_t line = 1;     // of the prompt in the suite's prompts file
  /// SHA-256 of the pair's name, the prompt's id or the limit's key and the kind, a NUL between
  /// them: the same in every run that finds the same thing, whatever the figures.
  std::string fingerprint;
};

/// A kind of finding and what it means. Names never change: readers keep what they know by them.
struct FindingKind {
  const char* name;
  const char* title;
  const char* meaning;
};

inline constexpr FindingKind kFindingKinds[] = {
    {"not-run", "Not run", "A part of the suite has no result: nothing is known of it."},
    {"error", "Error", "An engine failed, or the prompt cannot be evaluated."},
    {"tokens-differ", "Tokens differ", "The two engines made different ids of the prompt."},
    {"settings-differ", "Settings differ",
     "The engines run with settings that change the numbers, and nobody asked for it."},
    {"unhealthy", "Unhealthy logits", "An engine gave logits that no working engine gives."},
    {"diverged", "Diverged", "Some position, or the run as a whole, fails what is required."},
    {"worse", "Worse than accepted", "The run is farther from its reference than was accepted."},
    {"limit", "Limit broken",
     "A figure of a pair over all its prompts is beyond what the suite allows."},
};

/// Title, message and command, where they are: for readers that show one text.
std::string finding_text(const SuiteFinding& finding);

/// What was not run first, then broken limits, then the worst runs. Texts are safe to print.
std::vector<SuiteFinding> suite_findings(const SuiteResult& suite);

/// The file that the findings' lines are of, in the suite's folder.
std::string suite_prompts_file(const SuiteResult& suite);

}  // namespace crossval
