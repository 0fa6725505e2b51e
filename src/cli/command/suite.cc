#include "cli/command/suite.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/environment.h"
#include "base/partial_file.h"
#include "base/shell_quote.h"
#include "cli/interrupt.h"
#include "cli/options/app_options.h"
#include "cli/options/checks.h"
#include "cli/suite/accepting.h"
#include "cli/suite/explain_runs.h"
#include "cli/suite/judged.h"
#include "cli/suite/running.h"
#include "cli/suite/slurm.h"
#include "launch/reference/program.h"
#include "report/html/suite.h"
#include "report/json/suite.h"
#include "report/json/suite_changes.h"
#include "report/suite/github.h"
#include "report/suite/gitlab.h"
#include "report/suite/junit.h"
#include "report/suite/markdown.h"
#include "report/suite/sarif.h"
#include "report/text/suite.h"
#include "report/text/suite_changes.h"
#include "suite/collect.h"
#include "suite/difference.h"
#include "suite/store.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

// "3/8": shard 3 of 8, from 0; "3" takes the number of shards from the suite.
struct ShardChoice {
  int32_t shard = 0;
  std::optional<int32_t> shards;
};

std::optional<int32_t> whole(std::string_view text) {
  int32_t value = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Result<ShardChoice> parse_shard(const std::string& text, const std::string& where) {
  const size_t slash = text.find('/');
  const auto shard = whole(std::string_view(text).substr(0, slash));
  const bool of = slash != std::string::npos;
  const auto shards = of ? whole(std::string_view(text).substr(slash + 1)) : std::nullopt;
  if (!shard || (of && (!shards || *shards < 1 || *shard >= *shards))) {
    return fail(ExitCode::usage, "\"" + text + "\" is no shard", where,
                "Write i/n with i from 0 to n − 1, e.g. --shard 3/8.");
  }
  return ShardChoice{*shard, shards};
}

class SuiteCommand : public Command {
 public:
  void add_options(AppOptions& app) override {
    app.add_option("action", action_,
                   "run a suite file; slurm: run it as an array of jobs; merge the shards of "
                   "folders; explain the farthest runs that fail; report what a folder holds; "
                   "accept its figures as limits; diff two results; print one prompt")
        ->check(one_of({"run", "slurm", "merge", "explain", "report", "accept", "diff", "prompt"}))
        ->type_name("ACTION");
    app.add_option(
           "paths", paths_,
           "run, slurm, explain: the suite file; diff: the older and the newer folder; else the "
           "folder of the results, and prompt's id")
        ->type_name("PATH");
    const auto add = [&](const char* names, auto& value, const char* help, const char* type) {
      return app.add_option(names, value, help)->group("Run")->type_name(type);
    };
    add("-o,--output", output_,
        "folder of the results (default: the suite file's name with .results)", "DIR");
    add("-j,--jobs", jobs_,
        "shards at a time (default 1); the machine's cores are divided among them", "N")
        ->check(whole_number(1, 1024));
    add("--shards", shards_,
        "cut the suite into so many shards (default: the suite file's, or -j's)", "N")
        ->check(whole_number(1, 100000));
    add("--shard", shard_,
        "run this shard alone, from 0; else CROSSVAL_SHARD, SLURM_ARRAY_TASK_ID or "
        "JOB_COMPLETION_INDEX may say",
        "I/N");
    app.add_flag("--resume", resume_,
                 "go on where a run was ended: what was finished is not run again")
        ->group("Run");
    app.add_flag("--missing", missing_,
                 "print the shards without a result, as sbatch --array takes them")
        ->group("Run");
    app.add_option("--sbatch", sbatch_, "an option for sbatch, e.g. --sbatch=--partition=short")
        ->group("Slurm")
        ->type_name("OPTION")
        ->repeatable();
    app.add_flag("--no-submit", no_submit_, "write the scripts alone")->group("Slurm");
    app.add_option("--baseline", baseline_.path,
                   "what was accepted: runs are judged by it (default: the suite file's)")
        ->group("Baseline")
        ->type_name("FILE");
    app.add_option(
           "--slack", baseline_.slack,
           "how many times an accepted figure may be exceeded (default: the suite file's, 1)")
        ->group("Baseline")
        ->type_name("X")
        ->check(number(1, 1e6));
    app.add_option("--reason", reason_, "accept: why a limit grows, or why a run may fail")
        ->group("Baseline")
        ->type_name("TEXT");
    app.add_option("--by", by_, "accept: who says so (default: the user's name)")
        ->group("Baseline")
        ->type_name("NAME");
    app.add_flag("--all", all_, "show every prompt that is not identical")->group("Report");
    for (ReportFile& file : files_)
      app.add_option(file.option, file.path, file.help)->group("Report")->type_name("FILE");
    app.add_flag("--github", github_,
                 "annotations for GitHub Actions on stdout, and the summary of its step")
        ->group("Report");
  }

  Result<ExitCode> run(Console& console) override {
    if (action_ == "run") return run_suite(console);
    if (action_ == "slurm") return run_on_slurm(console);
    if (action_ == "merge") return merge(console);
    if (action_ == "explain") return explain(console);
    if (action_ == "report") return report(console);
    if (action_ == "accept") return accept(console);
    if (action_ == "diff") return diff(console);
    if (action_ == "prompt") return print_prompt(console);
    return fail(ExitCode::usage, "no action given", {}, "Give one: crossval suite run suite.json.");
  }

 private:
  Result<std::string> only_path(const char* what) const {
    if (paths_.size() == 1) return with_home(paths_.front());
    return fail(ExitCode::usage, fmt::format("suite {} takes {}", action_, what), {},
                fmt::format("Give one: crossval suite {} {}.", action_,
                            action_ == "report" ? "DIR" : "suite.json"));
  }

  // The suite with its prompts, its manifest in place.
  struct Prepared {
    SuiteJob job;
    std::optional<int32_t> own;  // the shard to run; none: all
  };
  Result<Prepared> prepare(const char* what) {
    const auto path = only_path(what);
    if (!path) return tl::unexpected(path.error());
    if (auto ok = check_baseline(baseline_); !ok) return tl::unexpected(ok.error());
    auto suite = read_suite_file(*path);
    if (!suite) return tl::unexpected(suite.error());
    SuiteJob job{.suite = *std::move(suite), .jobs = jobs_, .resume = resume_};
    job.folder = output_.empty() ? fs::path(*path).replace_extension("results").string()
                                 : with_home(output_);
    auto prompts = read_prompts(job.suite.prompts, vocabularies_of(job.suite));
    if (!prompts) return tl::unexpected(prompts.error());
    job.prompts = *std::move(prompts);
    const auto own = choose_shards(job);
    if (!own) return tl::unexpected(own.error());
    auto manifest = manifest_of(job);
    if (!manifest) return tl::unexpected(manifest.error());
    job.manifest = *std::move(manifest);
    if (auto ok = place_manifest(job.manifest, job.prompts, job.folder); !ok)
      return tl::unexpected(ok.error());
    return Prepared{std::move(job), *own};
  }

  Result<ExitCode> run_suite(Console& console) {
    auto prepared = prepare("a suite file");
    if (!prepared) return tl::unexpected(prepared.error());
    auto& [job, own] = *prepared;
    if (missing_) return print_missing(console, job);
    if (auto ok = collect_shards(job, own); !ok) return tl::unexpected(ok.error());
    if (auto ok = run_shards(job, console); !ok) return tl::unexpected(ok.error());
    if (!own) return merge_and_explain(console, job);
    return print_result(console, job.manifest, job.folder, own);
  }

  Result<ExitCode> explain(const Console& console) {
    const auto prepared = prepare("a suite file");
    if (!prepared) return tl::unexpected(prepared.error());
    if (prepared->job.suite.explain > 0) return merge_and_explain(console, prepared->job);
    return fail(ExitCode::usage, "the suite asks for no explanation", paths_.front(),
                "Give it \"explain\": 3, or how many of the farthest runs that fail.");
  }

  Result<ExitCode> merge_and_explain(const Console& console, const SuiteJob& job) const {
    if (auto ok = merge_shards(job.manifest, {&job.folder, 1}); !ok)
      return tl::unexpected(ok.error());
    if (job.suite.explain > 0) {
      const auto result = judged_results(job.manifest, job.folder, std::nullopt, baseline_);
      if (!result) return tl::unexpected(result.error());
      if (auto ok = explain_runs(job, *result, console); !ok) return tl::unexpected(ok.error());
    }
    return print_result(console, job.manifest, job.folder);
  }

  // Only shards without a result: it may be called again.
  Result<ExitCode> run_on_slurm(Console& console) {
    auto prepared = prepare("a suite file");
    if (!prepared) return tl::unexpected(prepared.error());
    const SuiteJob& job = prepared->job;
    const auto found = find_shards(job.manifest, {&job.folder, 1});
    if (!found) return tl::unexpected(found.error());
    if (found->missing.empty()) {
      write_output(console, "every shard has a result\n");
      return ExitCode::ok;
    }
    const std::string folder = fs::absolute(job.folder).lexically_normal().string();
    const SlurmJob slurm{
        .name = job.suite.name,
        .program = fs::read_symlink("/proc/self/exe").string(),
        .suite = fs::absolute(with_home(paths_.front())).lexically_normal().string(),
        .folder = folder,
        .shards = found->missing,
        .of = job.manifest.shards,
        .explain = job.suite.explain > 0,
        .threads = job.suite.threads,
        .options = sbatch_};
    const std::string array = folder + "/array.sbatch", merge = folder + "/merge.sbatch";
    if (auto ok = write_file(array, slurm_script(slurm)); !ok) return tl::unexpected(ok.error());
    if (auto ok = write_file(merge, slurm_merge_script(slurm)); !ok)
      return tl::unexpected(ok.error());
    std::string text = fmt::format("scripts    {}\n           {}\n", array, merge);
    if (!no_submit_) {
      const Interruption interruption;
      const auto ids = submit_to_slurm(array, merge, interruption.token());
      if (!ids) return tl::unexpected(ids.error());
      text += fmt::format(
          "array      job {}, {} of {} shards\nmerge      job {}, when the array has ended\n"
          "then       crossval suite report {}\n",
          ids->array, found->missing.size(), job.manifest.shards, ids->merge, shell_word(folder));
    }
    write_output(console, text);
    return ExitCode::ok;
  }

  static Result<Manifest> manifest_of(const SuiteJob& job) {
    const Interruption interruption;
    return make_manifest(job.suite, job.prompts, {}, cache_folder(), interruption.token());
  }

  // How many there are, and which one is to be run; none: all.
  Result<std::optional<int32_t>> choose_shards(SuiteJob& job) const {
    std::optional<ShardChoice> chosen;
    if (!shard_.empty()) {
      const auto parsed = parse_shard(shard_, "--shard");
      if (!parsed) return tl::unexpected(parsed.error());
      chosen = *parsed;
    } else if (!missing_ && action_ == "run") {
      for (const char* name : {"CROSSVAL_SHARD", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"}) {
        const std::string text = environment_variable(name);
        if (text.empty()) continue;
        const auto parsed = parse_shard(text, name);
        if (!parsed) return tl::unexpected(parsed.error());
        chosen = *parsed;
        break;
      }
    }
    // A folder that has been begun says how it was cut.
    std::error_code failed;
    std::optional<int32_t> there;
    if (fs::exists(fs::path(job.folder) / kManifestFile, failed)) {
      const auto manifest = read_manifest(job.folder);
      if (!manifest) return tl::unexpected(manifest.error());
      there = manifest->shards;
    }
    const std::optional<int32_t> asked = chosen && chosen->shards ? chosen->shards
                                         : shards_ > 0            ? std::optional(shards_)
                                         : job.suite.shards > 1   ? std::optional(job.suite.shards)
                                                                  : std::nullopt;
    job.suite.shards = asked.value_or(there.value_or(jobs_));
    if (!chosen) return std::optional<int32_t>();
    if (chosen->shard >= job.suite.shards) {
      return fail(
          ExitCode::usage,
          fmt::format("there is no shard {}: the suite has {}", chosen->shard, job.suite.shards),
          {},
          "Give the number of shards: --shards N, --shard I/N or \"shards\" in the suite file.");
    }
    return std::optional(chosen->shard);
  }

  // Into job.shards those that have no result yet.
  Result<void> collect_shards(SuiteJob& job, std::optional<int32_t> own) const {
    const auto found = find_shards(job.manifest, {&job.folder, 1});
    if (!found) return tl::unexpected(found.error());
    if (!resume_ && !own && !found->shards.empty()) {
      return fail(ExitCode::usage, "there are results already", job.folder,
                  "Go on with --resume, give another folder with -o, or remove it.");
    }
    for (const int32_t shard : found->missing) {
      if (!own || *own == shard) job.shards.push_back(shard);
    }
    if (own && job.shards.empty() && !resume_) {
      return fail(ExitCode::usage, fmt::format("shard {} has a result already", *own), job.folder,
                  "Give another folder with -o, or remove it.");
    }
    return {};
  }

  static Result<ExitCode> print_missing(const Console& console, const SuiteJob& job) {
    const auto found = find_shards(job.manifest, {&job.folder, 1});
    if (!found) return tl::unexpected(found.error());
    if (!found->missing.empty())
      write_output(console, fmt::format("{}\n", fmt::join(found->missing, ",")));
    return ExitCode::ok;
  }

  Result<ExitCode> merge(const Console& console) const {
    if (paths_.empty()) {
      return fail(ExitCode::usage, "suite merge takes the folders of results", {},
                  "Give them: crossval suite merge DIR….");
    }
    std::vector<std::string> folders;
    folders.reserve(paths_.size());
    for (const std::string& path : paths_) folders.push_back(with_home(path));
    const auto manifest = read_manifest(folders.front());
    if (!manifest) return tl::unexpected(manifest.error());
    return merge_and_report(console, *manifest, folders);
  }

  Result<ExitCode> merge_and_report(const Console& console, const Manifest& manifest,
                                    const std::vector<std::string>& folders) const {
    if (auto ok = merge_shards(manifest, folders); !ok) return tl::unexpected(ok.error());
    return print_result(console, manifest, folders.front());
  }

  Result<ExitCode> report(const Console& console) const {
    const auto folder = only_path("the folder of the results");
    if (!folder) return tl::unexpected(folder.error());
    const auto manifest = read_manifest(*folder);
    if (!manifest) return tl::unexpected(manifest.error());
    return print_result(console, *manifest, *folder);
  }

  Result<ExitCode> print_result(const Console& console, const Manifest& manifest,
                                const std::string& folder,
                                std::optional<int32_t> shard = std::nullopt) const {
    const auto result = judged_results(manifest, folder, shard, baseline_);
    if (!result) return tl::unexpected(result.error());
    TextOptions options = text_options(console);
    options.all = all_;
    write_output(console, console.format == OutputFormat::json ? suite_json(*result)
                                                               : suite_text(*result, options));
    for (const ReportFile& file : files_) {
      if (file.path.empty()) continue;
      if (auto ok = write_file(with_home(file.path), file.write(*result)); !ok)
        return tl::unexpected(ok.error());
    }
    if (github_) {
      write_output(console, github_annotations(*result));
      const std::string summary = environment_variable("GITHUB_STEP_SUMMARY");
      std::ofstream file;
      if (!summary.empty()) file.open(summary, std::ios::app);
      if (!summary.empty() && !(file << markdown_report(*result)).flush()) {
        return fail(ExitCode::cannot_write, "the summary of the step cannot be written", summary);
      }
    }
    return exit_code(*result);
  }

  Result<ExitCode> accept(const Console& console) const {
    const auto folder = only_path("the folder of the results");
    if (!folder) return tl::unexpected(folder.error());
    return accept_results({*folder, reason_, by_, baseline_}, console);
  }

  Result<ExitCode> diff(const Console& console) const {
    if (paths_.size() != 2) {
      return fail(ExitCode::usage, "suite diff takes two folders of results", {},
                  "Give the older one first: crossval suite diff OLD NEW.");
    }
    std::array<SuiteResult, 2> results;
    for (size_t i = 0; i < 2; ++i) {
      const std::string folder = with_home(paths_[i]);
      const auto manifest = read_manifest(folder);
      if (!manifest) return tl::unexpected(manifest.error());
      auto result = judged_results(*manifest, folder, std::nullopt, baseline_);
      if (!result) return tl::unexpected(result.error());
      results[i] = *std::move(result);
    }
    const SuiteDifference difference = suite_difference(results[0], results[1]);
    TextOptions options = text_options(console);
    options.all = all_;
    write_output(console, console.format == OutputFormat::json
                              ? suite_difference_json(difference)
                              : suite_difference_text(difference, options));
    return exit_code(difference);
  }

  Result<ExitCode> print_prompt(const Console& console) const {
    if (paths_.size() != 2) {
      return fail(ExitCode::usage, "suite prompt takes a folder of results and a prompt's id", {},
                  "Give both: crossval suite prompt DIR ID.");
    }
    const auto prompts = read_manifest_prompts(with_home(paths_[0]));
    if (!prompts) return tl::unexpected(prompts.error());
    for (const SuitePrompt& prompt : *prompts) {
      if (prompt.id != paths_[1]) continue;
      write_output(console, prompt.text);
      return ExitCode::ok;
    }
    return fail(ExitCode::usage, "there is no prompt \"" + paths_[1] + "\"", paths_[0]);
  }

  std::string action_;
  std::vector<std::string> paths_;
  std::string output_, shard_, reason_, by_;
  BaselineOptions baseline_;
  int32_t jobs_ = 1, shards_ = 0;
  struct ReportFile {
    const char* option;
    const char* help;
    std::string (*write)(const SuiteResult&);
    std::string path{};  // empty: not asked for
  };
  std::array<ReportFile, 5> files_ = {
      ReportFile{"--html", "a page, one file: the verdict, a map of all prompts, what to run again",
                 html_report},
      ReportFile{"--junit", "JUnit XML, for CI servers", junit_report},
      ReportFile{"--markdown", "Markdown, for an issue", markdown_report},
      ReportFile{"--gitlab", "GitLab's code quality report", gitlab_report},
      ReportFile{"--sarif", "SARIF 2.1.0, for code scanning", sarif_report}};
  std::vector<std::string> sbatch_;
  bool resume_ = false, missing_ = false, all_ = false, no_submit_ = false, github_ = false;
};

}  // namespace

std::unique_ptr<Command> make_suite_command() { return std::make_unique<SuiteCommand>(); }

}  // namespace crossval
