// What somebody accepted of a suite, and what a new acceptance changes. Plain data.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results/suite.h"

namespace crossval {

/// Who accepted figures, when, why and of which run.
struct Acceptance {
  std::string by, at;     // a name; UTC, 2026-11-30T05:00:00Z
  std::string reason;     // may be empty where no limit grew and nothing fails
  std::string run;        // SHA-256 of the run's manifest
  std::string candidate;  // the engines of the pair, as they name themselves
  std::string reference;
};

struct AcceptedLimit {
  SuiteLimit limit;
  size_t acceptance = 0;  // index into SuiteBaseline::acceptances
};

struct SuiteBaseline {
  std::vector<Acceptance> acceptances;
  std::map<std::pair<std::string, std::string>, AcceptedLimit> limits;  // by pair and prompt
};

enum class LimitChange { added, lowered, grown, removed };

/// One run's limit before and after.
struct ChangedLimit {
  std::string pair, prompt;
  LimitChange change = LimitChange::added;
  std::optional<SuiteLimit> before, after;
};

/// What accepting a result does to a baseline.
struct BaselineUpdate {
  SuiteBaseline baseline;             // as it will be
  std::vector<ChangedLimit> changes;  // those that stay as they are left out
  int32_t kept = 0;                   // limits that stay
  /// Runs that cannot be accepted, for they have no figures: "PAIR, PROMPT: ERROR".
  std::vector<std::string> refused;

  /// Some limit grows, or a run that fails what is required is accepted: somebody has to say why.
  bool needs_reason = false;
};

}  // namespace crossval
