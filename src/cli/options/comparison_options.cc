#include "cli/options/comparison_options.h"

#include <fmt/format.h>

#include "base/environment.h"
#include "base/partial_file.h"
#include "cli/options/checks.h"
#include "report/html/comparison.h"
#include "report/json/comparison.h"
#include "report/text/comparison.h"

namespace crossval {
namespace {

OnTokenMismatch mismatch_policy(const std::string& word) {
  if (word == "use-reference") return OnTokenMismatch::use_reference;
  if (word == "use-candidate") return OnTokenMismatch::use_candidate;
  return OnTokenMismatch::stop;
}

std::optional<Requirement> requirement(const std::string& word) {
  if (word.empty()) return std::nullopt;
  if (word == "bits") return Requirement::bits;
  return word == "floor" ? Requirement::floor : Requirement::cosine;
}

}  // namespace

void add_comparison_options(AppOptions& app, ComparisonOptions& options,
                            const std::vector<std::string>& requirements,
                            const char* require_help) {
  const auto add = [&](const char* names, auto& value, const std::string& help, const char* type) {
    return app.add_option(names, value, help)->group("Comparison")->type_name(type);
  };
  add("--require", options.require, require_help, "WHAT")->check(one_of(requirements));
  options.cos_tol_given = add("--cos-tol", options.cos_tol,
                              fmt::format("lowest cosine that passes (default {})", kCosTol), "X")
                              ->check(number());
  add("--logprob-tol", options.logprob_tol,
      fmt::format("of engines that tell their most likely tokens alone, and with --align text: "
                  "largest difference of a log-probability that passes (default {})",
                  kLogprobTol),
      "X")
      ->check(number());
  add("--on-token-mismatch", options.on_token_mismatch,
      "when the ids differ: stop (default); use-reference or use-candidate: go on with that "
      "side's ids on both",
      "WHAT")
      ->check(one_of({"stop", "use-reference", "use-candidate"}));
  app.add_flag("--first-diff", options.first_diff,
               "find the first intermediate tensor whose bits differ")
      ->group("Comparison");
  add("--dump", options.dump_dir, "write candidate.npy, reference.npy and tokens.json there",
      "DIR");
  add("--html", options.html, "write the report as a page, too: one file", "FILE.html");
  app.add_flag("--all", options.all, "show every position")->group("Comparison");
}

Result<void> check_comparison_options(ComparisonOptions& options) {
  const bool given = options.cos_tol_given->count() > 0;
  if (!options.require.empty() && options.require != "cos" && given) {
    return fail(ExitCode::usage, "--cos-tol changes nothing with --require " + options.require, {},
                "Give one of them.");
  }
  // Written so that NaN fails.
  if (!(options.cos_tol >= -1 && options.cos_tol <= 1)) {
    return fail(ExitCode::usage, fmt::format("--cos-tol {} is not from -1 to 1", options.cos_tol));
  }
  if (!(options.logprob_tol >= 0)) {
    return fail(ExitCode::usage,
                fmt::format("--logprob-tol {} is not 0 or more", options.logprob_tol));
  }
  if (options.require.empty() && given) options.require = "cos";
  return {};
}

void apply(const ComparisonOptions& options, PerTokenPlan& plan) {
  plan.requirement = requirement(options.require);
  plan.cos_tol = options.cos_tol;
  plan.logprob_tol = options.logprob_tol;
  plan.on_token_mismatch = mismatch_policy(options.on_token_mismatch);
  plan.first_diff = options.first_diff;
  plan.dump_dir = options.dump_dir;
}

Result<ExitCode> print_comparison(const Console& console, const Comparison& comparison,
                                  const ComparisonOptions& asked) {
  TextOptions options = text_options(console);
  options.all = asked.all;
  const std::string report = console.format == OutputFormat::json
                                 ? json_report(comparison)
                                 : text_report(comparison, options);
  write_output(console, report);
  if (!asked.html.empty()) {
    auto written = write_file(with_home(asked.html), html_report(comparison, console.command));
    if (!written) return tl::unexpected(written.error());
  }
  return exit_code(comparison.verdict);
}

}  // namespace crossval
