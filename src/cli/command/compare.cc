#include "cli/command/compare.h"

#include "base/environment.h"
#include "cli/interrupt.h"
#include "cli/options/app_options.h"
#include "cli/options/comparison_options.h"
#include "cli/progress.h"
#include "launch/recorded_pair.h"

namespace crossval {
namespace {

class CompareCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("candidate", candidate_, "the recording, or file of rows, to judge")
        ->type_name("A");
    app.add_option("reference", reference_, "what it is held against")->type_name("B");
    add_comparison_options(app, options_, {"cos", "bits"},
                           "cos (default): cosine of a position at least --cos-tol; bits: every "
                           "bit equal");
  }

  Result<ExitCode> run(Console& console) override {
    if (auto ok = check_comparison_options(options_); !ok) return tl::unexpected(ok.error());
    if (candidate_.empty() || reference_.empty()) {
      return fail(ExitCode::usage, "two recordings are compared", {},
                  "Give both: crossval compare A.xval B.xval.");
    }
    const auto comparison = compare(console);
    if (!comparison) return tl::unexpected(comparison.error());
    return print_comparison(console, *comparison, options_);
  }

 private:
  Result<Comparison> compare(const Console& console) {
    auto pair = open_recorded_pair(with_home(candidate_), with_home(reference_));
    if (!pair) return tl::unexpected(pair.error());
    PerTokenPlan plan;
    plan.prompt = std::move(pair->prompt);
    plan.candidate_prompt = std::move(pair->candidate_prompt);
    plan.models = std::move(pair->models);
    plan.asked_differences = std::move(pair->asked_differences);
    plan.max_tokens = pair->max_tokens;
    apply(options_, plan);
    Progress progress(console);
    const Interruption interruption;
    auto comparison =
        compare_per_token(plan, *pair->candidate, *pair->reference, progress, interruption.token());
    if (comparison)
      comparison->warnings.insert(comparison->warnings.end(), pair->notes.begin(),
                                  pair->notes.end());
    return comparison;
  }

  std::string candidate_, reference_;
  ComparisonOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_compare_command() { return std::make_unique<CompareCommand>(); }

}  // namespace crossval
