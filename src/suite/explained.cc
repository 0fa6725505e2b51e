#include "suite/explained.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "base/partial_file.h"
#include "suite/store.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using sqlite::for_each_row;
using sqlite::Statement;

constexpr const char* kExplained = "explained.sqlite";

std::string explained_path(const std::string& folder) {
  return (fs::path(folder) / kExplained).string();
}

}  // namespace

std::vector<SuiteExplanation> runs_to_explain(const SuiteResult& result, int32_t count) {
  std::vector<std::tuple<Verdict, double, size_t, int32_t>> failing;
  for (size_t pair = 0; pair < result.pairs.size(); ++pair) {
    for (const SuitePromptResult& run : result.pairs[pair].prompts) {
      if (!run.verdict || run.positions == 0 || exit_code(run) == ExitCode::ok) continue;
      failing.emplace_back(*run.verdict, -as_far(1 - run.lowest_cosine), pair, run.prompt);
    }
  }
  std::ranges::sort(failing);
  std::vector<SuiteExplanation> runs;
  for (const auto& [verdict, distance, pair, prompt] : failing) {
    if (std::ssize(runs) < count) runs.push_back({.pair = pair, .prompt = prompt});
  }
  return runs;
}

Result<std::vector<TokenId>> ids_to_explain(const Manifest& manifest, const std::string& folder,
                                            const SuiteExplanation& run) {
  auto store = open_finished_store((fs::path(folder) / kAllShards).string(), manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  auto rows = store->prepare(
      "SELECT token FROM position WHERE pair = ?1 AND prompt = ?2 AND position <= (SELECT "
      "coalesce(min(iif(passed, NULL, position)), max(position)) FROM position WHERE pair = ?1 AND "
      "prompt = ?2) ORDER BY position");
  if (rows) rows->bind(1, static_cast<int64_t>(run.pair)).bind(2, int64_t{run.prompt});
  std::vector<TokenId> ids;
  auto ok = for_each_row(std::move(rows), [&](Statement& row) -> Result<void> {
    ids.push_back(static_cast<TokenId>(row.integer(0)));
    return {};
  });
  if (!ok) return tl::unexpected(ok.error());
  return ids;
}

Result<ExplanationWriter> ExplanationWriter::open(const std::string& folder,
                                                  const Manifest& manifest) {
  const std::string path = explained_path(folder), partial = path + ".partial";
  std::error_code failed;
  if (fs::exists(path, failed)) {
    if (auto ok = rename_file(path, partial); !ok) return tl::unexpected(ok.error());
  }
  if (failed) return fail(ExitCode::cannot_write, failed.message(), path);
  auto store = open_store(partial, manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  ExplanationWriter writer(*std::move(store), path);
  const auto read = for_each_row(
      writer.store_.prepare("SELECT pair, prompt FROM explanation WHERE verdict <> ''"),
      [&](Statement& row) -> Result<void> {
        writer.done_.emplace(static_cast<size_t>(row.integer(0)),
                             static_cast<int32_t>(row.integer(1)));
        return {};
      });
  if (!read) return tl::unexpected(read.error());
  return writer;
}

Result<void> ExplanationWriter::add(const SuiteExplanation& e) {
  auto row = store_.prepare("INSERT OR REPLACE INTO explanation VALUES(?,?,?,?,?,?,?)");
  if (!row) return tl::unexpected(row.error());
  return row->bind(1, static_cast<int64_t>(e.pair))
      .bind(2, int64_t{e.prompt})
      .bind(3, int64_t{e.position})
      .bind(4, std::string_view(e.verdict))
      .bind(5, std::string_view(e.operation))
      .bind(6, std::string_view(e.cause))
      .bind(7, std::string_view(e.sentence))
      .run();
}

Result<void> ExplanationWriter::publish() { return publish_store(store_, path_); }

Result<std::vector<SuiteExplanation>> read_explanations(const Manifest& manifest,
                                                        const SuiteResult& result) {
  std::vector<SuiteExplanation> explanations;
  const std::string path = explained_path(result.folder);
  std::error_code failed;
  if (!fs::exists(path, failed)) return explanations;
  auto store = open_finished_store(path, manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  auto ok = for_each_row(
      store->prepare("SELECT pair, prompt, position, verdict, operation, cause, sentence FROM "
                     "explanation ORDER BY pair, prompt"),
      [&](Statement& row) -> Result<void> {
        const SuiteExplanation found{.pair = static_cast<size_t>(row.integer(0)),
                                     .prompt = static_cast<int32_t>(row.integer(1)),
                                     .position = static_cast<int32_t>(row.integer(2)),
                                     .verdict = row.text(3),
                                     .operation = row.text(4),
                                     .cause = row.text(5),
                                     .sentence = row.text(6)};
        if (found.pair >= result.pairs.size()) return {};
        const auto& prompts = result.pairs[found.pair].prompts;
        if (std::ranges::find(prompts, found.prompt, &SuitePromptResult::prompt) != prompts.end())
          explanations.push_back(found);
        return {};
      });
  if (!ok) return tl::unexpected(ok.error());
  return explanations;
}

}  // namespace crossval
