#include "report/json/suite.h"

#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/suite/summary.h"

namespace crossval {
namespace {

Json json_estimate(const Estimate& estimate) {
  return {{"value", json_number(estimate.value)}, {"error", json_number(estimate.error)}};
}

Json json_statistics(const SuiteStatistics& s) {
  return {{"prompts", s.prompts},
          {"positions", s.positions},
          {"scored", s.scored},
          {"candidate_nll", json_estimate(s.candidate_nll)},
          {"reference_nll", json_estimate(s.reference_nll)},
          {"nll_difference", json_estimate(s.nll_difference)},
          {"kl", json_estimate(s.kl)},
          {"kl_median", json_number(s.kl_median)},
          {"kl_p90", json_number(s.kl_p90)},
          {"kl_p99", json_number(s.kl_p99)},
          {"kl_p999", json_number(s.kl_p999)},
          {"kl_max", json_number(s.kl_max)},
          {"delta_p", json_estimate(s.delta_p)},
          {"delta_p_rms", json_number(s.delta_p_rms)},
          {"same_top", json_estimate(s.same_top)}};
}

Json json_error(const Error& error) {
  return {{"code", static_cast<int>(error.code)},
          {"what", json_bytes(error.what)},
          {"where", json_bytes(error.where)},
          {"hint", json_bytes(error.hint)}};
}

Json json_prompt_result(const SuiteResult& suite, const SuitePromptResult& p) {
  return {{"id", json_bytes(suite.prompts[static_cast<size_t>(p.prompt)])},
          {"verdict", prompt_word(p)},
          {"error", or_null(p.error, json_error)},
          {"detail", json_bytes(p.detail)},
          {"tokens", p.tokens},
          {"positions", p.positions},
          {"identical_rows", p.identical},
          {"same_top", p.same_top},
          {"first_divergence", or_null(p.first_divergence, [](int32_t at) { return Json(at); })},
          {"lowest_cosine", json_number(p.lowest_cosine)},
          {"max_abs_diff", json_number(p.max_abs_diff)},
          {"largest_kl", json_number(p.largest_kl)}};
}

Json json_marks(const std::vector<EngineMark>& marks) {
  Json all = Json::object();
  for (const EngineMark& mark : marks) all[mark.name] = json_bytes(mark.value);
  return all;
}

Json json_pair(const SuiteResult& suite, const SuitePairResult& pair) {
  Json prompts = Json::array();
  for (const SuitePromptResult& prompt : pair.prompts)
    prompts.push_back(json_prompt_result(suite, prompt));
  return {{"name", json_bytes(pair.name)},
          {"verdict", pair_word(pair)},
          {"candidate", json_bytes(pair.candidate)},
          {"reference", json_bytes(pair.reference)},
          {"model", json_bytes(pair.model)},
          {"candidate_marks", json_marks(pair.candidate_marks)},
          {"reference_marks", json_marks(pair.reference_marks)},
          {"failed", failed_prompts(pair)},
          {"statistics", json_statistics(pair.statistics)},
          {"prompts", std::move(prompts)}};
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
  const ExitCode code = exit_code(suite);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", suite_status(code)},
                        {"verdict", suite_word(suite)},
                        {"exit_code", static_cast<int>(code)},
                        {"suite", json_bytes(suite.name)},
                        {"prompts", suite.prompts.size()},
                        {"missing_shards", suite.missing},
                        {"pairs", std::move(pairs)}});
}

}  // namespace crossval
