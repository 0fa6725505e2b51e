#include "cli/command/match.h"

#include <algorithm>
#include <utility>

#include "base/environment.h"
#include "base/partial_file.h"
#include "cli/launching.h"
#include "cli/options/app_options.h"
#include "cli/options/engine_options.h"
#include "cli/options/prompt_options.h"
#include "cli/progress.h"
#include "names/names_file.h"
#include "report/json/tensor_matching.h"
#include "report/text/tensor_matching.h"
#include "session/match_tensors.h"
#include "session/prompt_record.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

using Entries = std::map<std::string, std::vector<GivenName>>;

// Calls `visit` for each of our names in the file.
template <typename Visit>
void each_name(const Entries& entries, const Visit& visit) {
  for (const auto& [theirs, names] : entries)
    for (const GivenName& name : names) visit(name);
}

bool gives(const Entries& entries, const std::string& label) {
  bool found = false;
  each_name(entries, [&](const GivenName& name) { found = found || is_called(name, label); });
  return found;
}

std::vector<std::string> never_shown(const Entries& entries, const TensorMatching& result) {
  std::vector<std::string> missing;
  each_name(entries, [&](const GivenName& name) {
    const auto is_it = [&](const auto& label) { return is_called(name, label); };
    if (std::ranges::none_of(result.matches, is_it, &TensorMatch::candidate) &&
        std::ranges::none_of(result.only_candidate, is_it, &LoneTensor::label))
      missing.push_back(label_of(name.name, name.op, name.occurrence));
  });
  return missing;
}

class MatchCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    add_prompt_options(app, prompt_);
    add_engine_options(app, engines_);
    app.add_option("-o,--output", output_,
                   "write the names of the candidate's tensors that were known by their values, "
                   "beside those of its own file, for the key names= of an ENGINE")
        ->group("Matching")
        ->type_name("FILE.json");
  }

  Result<ExitCode> run(Console& console) override {
    const auto result = match(console);
    if (!result) return tl::unexpected(result.error());
    const TextOptions options = text_options(console);
    write_output(console, console.format == OutputFormat::json
                              ? tensor_matching_json(*result)
                              : tensor_matching_text(*result, options));
    return exit_code(*result);
  }

 private:
  Result<TensorMatching> match(const Console& console) {
    Progress progress(console);
    const auto opened = open_pair(engines_, prompt_, console, &progress);
    if (!opened) return tl::unexpected(opened.error());
    const auto& [candidate, reference] = opened->prompted.engines;
    const PairPrompt& built = opened->prompted.prompt;
    const EnginePair pair = {*candidate, *reference};
    const auto tokens = same_tokens(pair_of(built), built.facts, pair);
    if (!tokens) return tl::unexpected(tokens.error());
    auto given = names_of(opened->prompted.specs.candidate);
    if (!given) return tl::unexpected(given.error());
    progress.phase("trace");
    auto result = match_tensors(
        pair, tokens->reference.ids, [&](const std::string& label) { return gives(*given, label); },
        opened->stop());
    if (!result) return result;
    result->prompt = prompt_record(built.prompt);
    result->never_shown = never_shown(*given, *result);
    result->warnings = prompt_warnings(built.prompt);
    append_warnings(candidate->info(), "candidate", result->warnings);
    append_warnings(reference->info(), "reference", result->warnings);
    if (auto ok = write_names(*std::move(given), *result); !ok) return tl::unexpected(ok.error());
    return result;
  }

  /// Those of the candidate's own file of names; none without one.
  static Result<Entries> names_of(const EngineSpec& candidate) {
    const std::string path = with_home(candidate.get(kNamesKey));
    if (path.empty()) return Entries();
    const auto names = NamesFile::read(path);
    if (!names) return tl::unexpected(names.error());
    return names->entries();
  }

  Result<void> write_names(Entries entries, TensorMatching& result) const {
    if (output_.empty()) return {};
    for (const TensorMatch& match : result.matches) {
      if (match.by != MatchedBy::values) continue;
      if (const auto name = parse_label(match.reference)) entries[match.candidate] = {*name};
    }
    const std::string path = with_home(output_);
    if (auto ok = write_file(path, names_text(entries)); !ok) return ok;
    result.names_path = path;
    return {};
  }

  PromptOptions prompt_;
  PairChoice engines_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_match_command() { return std::make_unique<MatchCommand>(); }

}  // namespace crossval
