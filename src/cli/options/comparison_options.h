// What is required of two engines' rows, and what is to be done where they fail it.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/console.h"
#include "cli/options/app_options.h"
#include "results/comparison.h"
#include "results/comparison_defaults.h"
#include "session/per_token.h"

namespace crossval {

struct ComparisonOptions {
  std::string require;  // empty: cos, or what takes its place
  double cos_tol = kCosTol;
  double logprob_tol = kLogprobTol;
  std::string on_token_mismatch = "stop";
  bool first_diff = false;
  std::string dump_dir;
  std::string html;  // file of the page; empty: none
  bool all = false;

  const AppOption* cos_tol_given = nullptr;
};

/// `requirements`: the words that --require takes.
void add_comparison_options(AppOptions& app, ComparisonOptions& options,
                            const std::vector<std::string>& requirements, const char* require_help);

/// Errors: usage. --cos-tol alone asks for cos.
Result<void> check_comparison_options(ComparisonOptions& options);

/// Into the members of the plan that they are about.
void apply(const ComparisonOptions& options, PerTokenPlan& plan);

/// The report, its page where one is asked for, and the exit status that belongs to it. Errors:
/// cannot_write.
Result<ExitCode> print_comparison(const Console& console, const Comparison& comparison,
                                  const ComparisonOptions& options);

}  // namespace crossval
