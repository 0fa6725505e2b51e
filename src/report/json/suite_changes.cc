#include "report/json/suite_changes.h"

#include "report/json/schema_version.h"
#include "report/json/suite_values.h"
#include "report/suite/summary.h"
#include "report/words.h"

namespace crossval {
namespace {

Json json_pair_difference(const PairDifference& pair) {
  Json runs = Json::array();
  for (const ChangedRun& run : pair.runs) {
    const auto of = [&](const SuitePromptResult& result) { return json_run(run.prompt, result); };
    runs.push_back({{"id", json_bytes(run.prompt)},
                    {"change", change_word(run.change)},
                    {"before", or_null(run.before, of)},
                    {"after", or_null(run.after, of)}});
  }
  Json engines = Json::array();
  for (const std::string& change : pair.engine_changes) engines.push_back(json_bytes(change));
  return {{"name", json_bytes(pair.name)},
          {"before", pair.before ? json_suite_statistics(pair.statistics_before) : Json()},
          {"after", pair.after ? json_suite_statistics(pair.statistics_after) : Json()},
          {"engine_changes", std::move(engines)},
          {"broken_limits", json_limits(pair.broken_limits)},
          {"same", pair.same},
          {"runs", std::move(runs)}};
}

}  // namespace

std::string baseline_update_json(const BaselineUpdate& update, const std::string& path,
                                 bool written) {
  Json changes = Json::array();
  for (const ChangedLimit& c : update.changes) {
    changes.push_back({{"pair", json_bytes(c.pair)},
                       {"prompt", json_bytes(c.prompt)},
                       {"change", change_word(c.change)},
                       {"before", or_null(c.before, json_limit)},
                       {"after", or_null(c.after, json_limit)}});
  }
  Json refused = Json::array();
  for (const std::string& run : update.refused) refused.push_back(json_bytes(run));
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"baseline", json_bytes(path)},
                        {"written", written},
                        {"kept", update.kept},
                        {"changes", std::move(changes)},
                        {"refused", std::move(refused)}});
}

std::string suite_difference_json(const SuiteDifference& difference) {
  Json pairs = Json::array();
  for (const PairDifference& pair : difference.pairs) pairs.push_back(json_pair_difference(pair));
  const ExitCode code = exit_code(difference);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", code == ExitCode::again ? "incomplete" : error_word(code)},
                        {"exit_code", static_cast<int>(code)},
                        {"before", json_bytes(difference.before)},
                        {"after", json_bytes(difference.after)},
                        {"pairs", std::move(pairs)}});
}

}  // namespace crossval
