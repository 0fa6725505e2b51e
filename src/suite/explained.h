// What was explained of a suite's runs: a database beside the shards, explained.sqlite.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "protocol/request.h"
#include "results/suite.h"
#include "suite/manifest.h"
#include "suite/sqlite.h"

namespace crossval {

/// Runs that fail and have rows, the farthest first, at most `count`; nothing is known of them yet.
std::vector<SuiteExplanation> runs_to_explain(const SuiteResult& result, int32_t count);

/// The ids that a run evaluated up to its first position that fails, or all; of what was merged.
/// Errors: those of the store.
Result<std::vector<TokenId>> ids_to_explain(const Manifest& manifest, const std::string& folder,
                                            const SuiteExplanation& run);

/// The database while it is written: explained.sqlite.partial until it is published. What was
/// explained is kept whatever happens to the process.
class ExplanationWriter {
 public:
  /// Goes on with what is there. Errors: those of open_store.
  static Result<ExplanationWriter> open(const std::string& folder, const Manifest& manifest);

  /// Whether the run was explained; one that could not be is tried again.
  bool has(const SuiteExplanation& run) const { return done_.contains({run.pair, run.prompt}); }
  /// Errors: cannot_write.
  Result<void> add(const SuiteExplanation& explanation);
  Result<void> publish();

 private:
  ExplanationWriter(sqlite::Database store, std::string path)
      : store_(std::move(store)), path_(std::move(path)) {}

  sqlite::Database store_;
  std::string path_;
  std::set<std::pair<size_t, int32_t>> done_;
};

/// Of runs that the result has, by pair and prompt; empty where nothing was explained. Errors:
/// those of the store.
Result<std::vector<SuiteExplanation>> read_explanations(const Manifest& manifest,
                                                        const SuiteResult& result);

}  // namespace crossval
