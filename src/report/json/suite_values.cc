#include "report/json/suite_values.h"

#include "report/suite/summary.h"

namespace crossval {
namespace {

Json json_estimate(const Estimate& estimate) {
  return {{"value", json_number(estimate.value)}, {"error", json_number(estimate.error)}};
}

Json json_ties(const std::optional<SuiteFlips>& flips) {
  return or_null(flips, [](const SuiteFlips& f) { return Json(f.ties); });
}

Json json_decisive(const std::optional<SuiteFlips>& flips) {
  return or_null(flips, [](const SuiteFlips& f) { return Json(f.decisive); });
}

Json json_error(const Error& error) {
  return {{"code", static_cast<int>(error.code)},
          {"what", json_bytes(error.what)},
          {"where", json_bytes(error.where)},
          {"hint", json_bytes(error.hint)}};
}

}  // namespace

Json json_suite_statistics(const SuiteStatistics& s) {
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
          {"same_top", json_estimate(s.same_top)},
          {"tie_flips", json_ties(s.flips)},
          {"decisive_flips", json_decisive(s.flips)},
          {"decisive_share", json_estimate(s.decisive_share)}};
}

Json json_two_by_two(const TwoByTwo& square) {
  const auto effect = [](const Effect& e) {
    return Json{{"mean", json_estimate(e.mean)},
                {"low", json_number(e.low)},
                {"high", json_number(e.high)},
                {"rms", json_number(e.rms)}};
  };
  const auto both = [](const auto& values, auto write) {
    return Json::array({write(values[0]), write(values[1])});
  };
  return {{"name", json_bytes(square.name)},
          {"engines", both(square.engines, json_bytes)},
          {"models", both(square.models, json_bytes)},
          {"prompts", square.prompts},
          {"positions", square.positions},
          {"left_out", square.left_out},
          {"engine", both(square.engine, effect)},
          {"quantisation", both(square.quantisation, effect)},
          {"interaction", effect(square.interaction)},
          {"whole", effect(square.whole)}};
}

Json json_limit(const SuiteLimit& limit) {
  return {{"verdict", verdict_word(limit.verdict)},
          {"distance", json_number(limit.distance)},
          {"largest_kl", json_number(limit.largest_kl)},
          {"other_top", limit.other_top}};
}

Json json_limits(const std::vector<JudgedLimit>& limits) {
  Json all = Json::array();
  for (const JudgedLimit& limit : limits) {
    all.push_back({{"figure", limit_key(limit)},
                   {"limit", json_number(limit.limit.limit)},
                   {"value", json_number(limit.value)},
                   {"state", limit_word(limit.state)}});
  }
  return all;
}

Json json_run(std::string_view id, const SuitePromptResult& p) {
  return {{"id", json_bytes(id)},
          {"verdict", prompt_word(p)},
          {"error", or_null(p.error, json_error)},
          {"detail", json_bytes(p.detail)},
          {"tokens", p.tokens},
          {"positions", p.positions},
          {"identical_rows", p.identical},
          {"same_top", p.same_top},
          {"tie_flips", json_ties(p.flips)},
          {"decisive_flips", json_decisive(p.flips)},
          {"first_divergence", or_null(p.first_divergence, [](int32_t at) { return Json(at); })},
          {"lowest_cosine", json_number(p.lowest_cosine)},
          {"max_abs_diff", json_number(p.max_abs_diff)},
          {"largest_kl", json_number(p.largest_kl)},
          {"accepted", or_null(p.limit, json_limit)}};
}

}  // namespace crossval
