#include "cli/command/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/environment.h"
#include "base/partial_file.h"
#include "cli/explaining.h"
#include "cli/explanation_folders.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "report/html/explanation.h"
#include "report/json/explanation.h"
#include "report/text/explanation.h"
#include "session/first_different_row.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

class ExplainCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_engine_options(app, engines_);
    app.add_option("--position", position_,
                   "the position to explain, all before it evaluated too: a number, or first, the "
                   "first whose logits differ (default: the last)")
        ->group("Comparison")
        ->type_name("N")
        ->check(position());
    const auto add = [&](const char* names, std::string& value, const char* help,
                         const char* type) {
      app.add_option(names, value, help)->group("Comparison")->type_name(type);
    };
    add("--layers", layers_, "judge these layers alone: 3 or 3-7", "A-B");
    add("--html", html_, "write the report as a page, too: one file", "FILE.html");
    add("--trace", more_.trace_folder, "write what both engines showed there, as safetensors",
        "DIR");
    add("--repro", more_.repro_folder,
        "write the operation that is off there, on the shortest prompt that still shows it", "DIR");
  }

  Result<ExitCode> run(Console& console) override {
    const auto found = explanation(console);
    if (!found) return tl::unexpected(found.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json ? explanation_json(*found)
                                                               : explanation_text(*found, options));
    print_warnings(console, found->warnings);
    if (!html_.empty()) {
      auto written = write_file(with_home(html_), html_explanation(*found, console.command));
      if (!written) return tl::unexpected(written.error());
    }
    if (auto ok = write_folders(*found, engines_, more_); !ok) return tl::unexpected(ok.error());
    return exit_code(*found);
  }

 private:
  Result<Explanation> explanation(const Console& console) {
    if (auto ok = check_truth(engines_); !ok) return tl::unexpected(ok.error());
    if (auto ok = read_layers(); !ok) return tl::unexpected(ok.error());
    if (auto ok = make_folders(more_); !ok) return tl::unexpected(ok.error());
    Progress progress(console);
    const auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    const auto& [candidate, reference] = opened->prompted.engines;
    const PairPrompt& built = opened->prompted.prompt;
    const auto tokens = same_tokens(pair_of(built), built.facts, {*candidate, *reference});
    if (!tokens) return tl::unexpected(tokens.error());
    std::vector<TokenId> ids = tokens->reference.ids;
    const auto end = end_of({*candidate, *reference}, ids, opened->stop(), progress);
    if (!end) return tl::unexpected(end.error());
    ids.resize(*end);
    auto explanation = explain_pair(engines_, *opened, std::move(ids), more_, progress);
    if (auto about_ids = warn_about_ids({*candidate, *reference}, *tokens);
        explanation && about_ids)
      explanation->warnings.push_back(*std::move(about_ids));
    return explanation;
  }

  static ValueCheck position() {
    ValueCheck number = whole_number(0, 1 << 20);
    number.fault = [is_wrong = number.fault](const std::string& text) {
      return text == kFirst ? std::string() : is_wrong(text);
    };
    return number;
  }

  /// How many of the ids are evaluated: up to the position that is explained.
  Result<size_t> end_of(const EnginePair& engines, const std::vector<TokenId>& ids,
                        const std::stop_token& stop, Progress& progress) const {
    if (position_.empty()) return ids.size();
    if (position_ == kFirst) {
      progress.phase("find the first difference");
      const auto first = first_different_row(engines, ids, stop);
      if (!first) return tl::unexpected(first.error());
      return *first ? static_cast<size_t>(**first) + 1 : ids.size();
    }
    const size_t position = std::stoul(position_);  // checked
    if (position < ids.size()) return position + 1;
    return fail(ExitCode::usage,
                fmt::format("--position {} of a prompt of {} tokens", position, ids.size()));
  }

  Result<void> read_layers() {
    if (layers_.empty()) return {};
    const auto wrong = [&] {
      return fail(ExitCode::usage, fmt::format("--layers {} is no layer and no range", layers_), {},
                  "Give one, as 3, or the first and the last, as 3-7.");
    };
    const size_t dash = std::min(layers_.find('-'), layers_.size());
    const auto number = [](std::string_view text, int32_t& value) {
      const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
      return status == std::errc{} && end == text.data() + text.size() && value >= 0 &&
             value < 1 << 20;
    };
    const std::string_view text = layers_;
    int32_t first = 0;
    if (!number(text.substr(0, dash), first)) return wrong();
    int32_t last = first;
    if (dash < text.size() && !number(text.substr(dash + 1), last)) return wrong();
    if (last < first) return wrong();
    more_.layers = {first, last + 1};
    return {};
  }

  PromptOptions prompt_;
  PairChoice engines_;
  static constexpr const char* kFirst = "first";
  std::string position_;
  std::string layers_;
  std::string html_;
  ExplainChoice more_;
};

}  // namespace

std::unique_ptr<Command> make_explain_command() { return std::make_unique<ExplainCommand>(); }

}  // namespace crossval
