#include "report/json/suite.h"

#include "report/json/schema_version.h"
#include "report/json/suite_values.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"

namespace crossval {
namespace {

Json json_marks(const std::vector<EngineMark>& marks) {
  Json all = Json::object();
  for (const EngineMark& mark : marks) all[mark.name] = json_bytes(mark.value);
  return all;
}

Json json_pair(const SuiteResult& suite, const SuitePairResult& pair) {
  Json prompts = Json::array();
  for (const SuitePromptResult& prompt : pair.prompts)
    prompts.push_back(json_run(prompt_id(suite, prompt.prompt), prompt));
  return {{"name", json_bytes(pair.name)},
          {"verdict", pair_word(pair)},
          {"candidate", json_bytes(pair.candidate)},
          {"reference", json_bytes(pair.reference)},
          {"model", json_bytes(pair.model)},
          {"candidate_marks", json_marks(pair.candidate_marks)},
          {"reference_marks", json_marks(pair.reference_marks)},
          {"failed", failed_prompts(pair)},
          {"statistics", json_suite_statistics(pair.statistics)},
          {"limits", json_limits(pair.limits)},
          {"prompts", std::move(prompts)}};
}

Json json_explained(const SuiteResult& suite, const SuiteExplanation& e) {
  const auto or_none = [](const std::string& text) {
    return text.empty() ? Json() : json_bytes(text);
  };
  return {{"pair", json_bytes(suite.pairs[e.pair].name)},
          {"prompt", json_bytes(prompt_id(suite, e.prompt))},
          {"position", e.position},
          {"verdict", or_none(e.verdict)},
          {"operation", or_none(e.operation)},
          {"cause", or_none(e.cause)},
          {"sentence", json_bytes(e.sentence)},
          {"command", json_bytes(explain_command(suite, e))}};
}

std::string suite_status(ExitCode code) {
  switch (code) {
    case ExitCode::ok:
    case ExitCode::diverged:
    case ExitCode::tokens_differ:
    case ExitCode::settings_differ:
    case ExitCode::unhealthy:
      return error_word(code);
    case ExitCode::again:
      return "incomplete";
    default:
      return "error";
  }
}

}  // namespace

std::string suite_json(const SuiteResult& suite) {
  Json pairs = Json::array();
  for (const SuitePairResult& pair : suite.pairs) pairs.push_back(json_pair(suite, pair));
  Json squares = Json::array();
  for (const TwoByTwo& square : suite.two_by_two) squares.push_back(json_two_by_two(square));
  Json explanations = Json::array();
  for (const SuiteExplanation& explanation : suite.explanations)
    explanations.push_back(json_explained(suite, explanation));
  const ExitCode code = exit_code(suite);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", suite_status(code)},
                        {"verdict", suite_word(suite)},
                        {"exit_code", static_cast<int>(code)},
                        {"suite", json_bytes(suite.name)},
                        {"prompts", suite.prompts.size()},
                        {"missing_shards", suite.missing},
                        {"baseline", suite.has_baseline ? json_bytes(suite.baseline) : Json()},
                        {"pairs", std::move(pairs)},
                        {"two_by_two", std::move(squares)},
                        {"explanations", std::move(explanations)}});
}

}  // namespace crossval
