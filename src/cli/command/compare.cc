#include "cli/command/compare.h"

#include <optional>
#include <utility>

#include "base/environment.h"
#include "cli/interrupt.h"
#include "cli/options/app_options.h"
#include "cli/options/comparison_options.h"
#include "cli/progress.h"
#include "imatrix/compare.h"
#include "launch/recorded_pair.h"
#include "report/json/imatrix_comparison.h"
#include "report/text/imatrix_comparison.h"

namespace crossval {
namespace {

class CompareCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("candidate", candidate_,
                   "the recording, file of rows, or importance matrix, to judge")
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
    auto imatrices = open_imatrices();
    if (!imatrices) return tl::unexpected(imatrices.error());
    if (*imatrices) return print(console, **imatrices);
    const auto comparison = compare(console);
    if (!comparison) return tl::unexpected(comparison.error());
    return print_comparison(console, *comparison, options_);
  }

 private:
  using Imatrices = std::pair<Imatrix, Imatrix>;

  Result<std::optional<Imatrices>> open_imatrices() const {
    auto a = open_imatrix(with_home(candidate_));
    if (!a) return tl::unexpected(a.error());
    auto b = open_imatrix(with_home(reference_));
    if (!b) return tl::unexpected(b.error());
    if (*a && *b) return Imatrices(**std::move(a), **std::move(b));
    if (!*a && !*b) return std::nullopt;
    return fail(ExitCode::usage, "one file is an importance matrix and the other is none",
                *a ? candidate_ : reference_, "Give two of them.");
  }

  Result<ExitCode> print(const Console& console, const Imatrices& files) const {
    if (!options_.require.empty() && options_.require != "cos") {
      return fail(ExitCode::usage, "importance matrices are compared by --cos-tol alone",
                  "--require " + options_.require, "Leave it out.");
    }
    const auto result = compare_imatrices(files.first, files.second, options_.cos_tol);
    TextOptions options = text_options(console);
    options.all = options_.all;
    write_output(console, console.format == OutputFormat::json
                              ? imatrix_comparison_json(result)
                              : imatrix_comparison_text(result, options));
    return exit_code(result);
  }

  Result<Comparison> compare(const Console& console) {
    auto pair = open_recorded_pair(with_home(candidate_), with_home(reference_));
    if (!pair) return tl::unexpected(pair.error());
    PerTokenPlan plan;
    plan.prompt = std::move(pair->prompt);
    plan.candidate_prompt = std::move(pair->candidate_prompt);
    plan.models = std::move(pair->models);
    plan.asked_differences = std::move(pair->asked_differences);
    plan.max_tokens = pair->max_tokens;
    plan.resolution = pair->resolution;
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
