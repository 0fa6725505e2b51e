#include "report/json/comparison.h"

#include "report/json/engine.h"
#include "report/json/explanation.h"
#include "report/json/floor.h"
#include "report/json/model_difference.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/token_mismatch.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// The position of a record, from its index.
Json position_at(const Comparison& comparison, const std::optional<int32_t>& index) {
  if (!index) return nullptr;
  return comparison.positions[static_cast<size_t>(*index)].position;
}

Json floor_of(const PositionFloor& floor) {
  return {{"distance", floor.distance ? json_number(*floor.distance) : Json(nullptr)},
          {"noise", json_number(floor.noise)},
          {"above", floor.above},
          {"decisive_flip", floor.decisive_flip}};
}

Json top_of(const TopMetrics& top) {
  return {{"candidate_tokens", top.candidate_tokens},
          {"reference_tokens", top.reference_tokens},
          {"compared", top.compared},
          {"overlap", top.overlap},
          {"of", top.of},
          {"max_abs_diff", json_number(top.max_abs_diff)},
          {"max_abs_token", top.max_abs_token},
          {"at_least", top.at_least},
          {"rank", top.rank},
          {"kl_low", json_number(top.kl_low)},
          {"kl_high", json_number(top.kl_high)},
          {"candidate_rest", json_number(top.candidate_rest)},
          {"reference_rest", json_number(top.reference_rest)}};
}

Json position_of(const PositionResult& position) {
  const RowMetrics& m = position.metrics;
  return {{"position", position.position},
          {"phase", position.decode ? "decode" : "prompt"},
          {"token", position.id},
          {"piece", json_bytes(position.piece)},
          {"passed", position.passed},
          {"healthy", position.healthy},
          {"identical", m.identical},
          {"cosine", json_number(m.cosine)},
          {"l2", json_number(m.l2)},
          {"relative_l2", json_number(m.relative_l2)},
          {"max_abs_diff", json_number(m.max_abs_diff)},
          {"max_abs_token", m.max_abs_token},
          {"kl", json_number(m.kl)},
          {"kl_reverse", json_number(m.kl_reverse)},
          {"candidate_argmax", m.candidate_argmax},
          {"reference_argmax", m.reference_argmax},
          {"top10_overlap", m.top10_overlap},
          {"reference_margin", json_number(m.reference_margin)},
          {"top", position.top ? top_of(*position.top) : Json(nullptr)},
          {"floor", position.floor ? floor_of(*position.floor) : Json(nullptr)},
          {"shift", json_number(m.shift)},
          {"centred_cosine", json_number(m.centred_cosine)},
          {"centred_l2", json_number(m.centred_l2)},
          {"centred_relative_l2", json_number(m.centred_relative_l2)},
          {"centred_max_abs_diff", json_number(m.centred_max_abs_diff)}};
}

Json name_or_null(const std::string& name) {
  return name.empty() ? Json(nullptr) : json_bytes(name);
}

Json inputs_of(const std::vector<TensorInput>& inputs) {
  Json all = Json::array();
  for (const TensorInput& input : inputs) {
    all.push_back({{"tensor", json_bytes(input.tensor)},
                   {"compared", input.compared},
                   {"equal", input.equal}});
  }
  return all;
}

Json trace_of(const TraceComparison& trace) {
  Json first = nullptr;
  if (trace.differs) {
    const FirstDifference& f = trace.first;
    first = {{"tensor", json_bytes(f.tensor)},
             {"op", json_bytes(f.op)},
             {"occurrence", f.occurrence},
             {"layer", f.layer},
             {"position", f.position},
             {"element", f.element},
             {"width", f.width},
             {"candidate", json_number(f.candidate)},
             {"reference", json_number(f.reference)},
             {"differing", f.differing},
             {"compared", f.compared},
             {"max_abs_diff", json_number(f.max_abs_diff)},
             {"last_equal", json_bytes(f.last_equal)},
             {"inputs", inputs_of(f.inputs)},
             {"weight", name_or_null(f.weight)},
             {"same_weight", or_null(f.same_weight)}};
  }
  Json only_candidate = Json::array();
  for (const std::string& name : trace.only_candidate) only_candidate.push_back(json_bytes(name));
  Json only_reference = Json::array();
  for (const std::string& name : trace.only_reference) only_reference.push_back(json_bytes(name));
  return {{"tensors_compared", trace.tensors_compared},
          {"differs", trace.differs},
          {"first", first},
          {"only_candidate", only_candidate},
          {"only_reference", only_reference}};
}

Json settings_of(const std::vector<SettingDifference>& settings) {
  Json all = Json::array();
  for (const SettingDifference& setting : settings) {
    all.push_back({{"name", setting.name},
                   {"candidate", json_bytes(setting.candidate)},
                   {"reference", json_bytes(setting.reference)},
                   {"weight", weight_word(setting.weight)},
                   {"effect", json_bytes(setting.effect)}});
  }
  return all;
}

Json models_of(const ModelFiles& models) {
  const auto parts = [](const std::vector<ModelPart>& side) {
    Json all = Json::array();
    for (const ModelPart& part : side) {
      all.push_back({{"path", json_bytes(part.path)},
                     {"bytes", part.bytes},
                     {"sha256", part.sha256.empty() ? Json(nullptr) : Json(part.sha256)}});
    }
    return all;
  };
  return {{"same", models.same},
          {"how", models.how},
          {"effect", models.effect},
          {"candidate", parts(models.candidate)},
          {"reference", parts(models.reference)}};
}

Json health_of(const std::vector<HealthFinding>& findings) {
  Json all = Json::array();
  for (const HealthFinding& finding : findings) {
    all.push_back({{"name", finding.name},
                   {"side", side_word(finding.side)},
                   {"position", finding.position},
                   {"token", finding.token},
                   {"detail", json_bytes(finding.detail)}});
  }
  return all;
}

Json bad_weight_of(const NonFiniteWeight& weight) {
  return {{"tensor", json_bytes(weight.tensor)},
          {"expert", weight.expert},
          {"row", weight.row},
          {"column", weight.column},
          {"block", weight.block},
          {"value", json_number(weight.value)}};
}

Json origin_of(const NonFiniteOrigin& origin) {
  Json inputs = Json::array();
  for (const NonFiniteInput& input : origin.inputs) {
    inputs.push_back({{"tensor", json_bytes(input.tensor)},
                      {"traced", input.traced},
                      {"finite", input.traced ? Json(input.finite) : Json(nullptr)},
                      {"largest", input.traced ? json_number(input.largest) : Json(nullptr)}});
  }
  return {{"side", side_word(origin.side)},
          {"position", origin.position},
          {"found", origin.found},
          {"tensor", name_or_null(origin.tensor)},
          {"op", name_or_null(origin.op)},
          {"layer", origin.layer},
          {"element", origin.element},
          {"width", origin.width},
          {"value", origin.found ? json_number(origin.value) : Json(nullptr)},
          {"inputs", inputs},
          {"before", name_or_null(origin.before)},
          {"weight", name_or_null(origin.weight)},
          {"weight_read", origin.weight_read},
          {"bad_weight", origin.bad_weight ? bad_weight_of(*origin.bad_weight) : Json(nullptr)}};
}

Json origins_of(const std::vector<NonFiniteOrigin>& origins) {
  Json all = Json::array();
  for (const NonFiniteOrigin& origin : origins) all.push_back(origin_of(origin));
  return all;
}

}  // namespace

std::string json_report(const Comparison& comparison) {
  Json cosines = Json::array();
  Json distances = Json::array();
  Json positions = Json::array();
  for (const PositionResult& position : comparison.positions) {
    cosines.push_back(json_number(position.metrics.cosine));
    distances.push_back(json_number(position.metrics.l2));
    positions.push_back(position_of(position));
  }
  const std::optional<double>& passing = comparison.passing_cos_tol;
  return json_document(
      {{"schema_version", kJsonSchemaVersion},
       {"status", status_word(comparison.verdict)},
       {"verdict", verdict_word(comparison.verdict)},
       {"exit_code", static_cast<int>(exit_code(comparison.verdict))},
       {"require", requirement_word(comparison.requirement)},
       {"threshold", json_number(comparison.cos_tol)},
       {"passing_threshold", passing ? json_number(*passing) : Json(nullptr)},
       {"rows", rows_word(comparison.rows)},
       {"log_probability_threshold", json_number(comparison.logprob_tol)},
       {"passing_log_probability_threshold", comparison.passing_logprob_tol
                                                 ? json_number(*comparison.passing_logprob_tol)
                                                 : Json(nullptr)},
       {"first_divergence_token", or_null(comparison.first_divergence)},
       {"worst_position", position_at(comparison, comparison.worst)},
       {"max_absolute_diff", json_number(comparison.max_absolute_diff)},
       {"prompt_positions", comparison.prompt_positions},
       {"decode_steps", comparison.decode_steps},
       {"max_tokens", comparison.max_tokens},
       {"on_token_mismatch", mismatch_word(comparison.on_token_mismatch)},
       {"stopped_at_end_of_generation", comparison.stopped_at_end_of_generation},
       {"identical_rows", comparison.identical_rows},
       {"argmax_flips", comparison.argmax_flips},
       {"seconds", json_number(comparison.seconds)},
       {"candidate", json_engine(comparison.candidate)},
       {"reference", json_engine(comparison.reference)},
       {"prompt", json_prompt(comparison.prompt)},
       {"candidate_prompt",
        comparison.candidate_prompt ? json_prompt(*comparison.candidate_prompt) : Json(nullptr)},
       {"tokens", comparison.tokens},
       {"warnings", json_warnings(comparison.warnings)},
       {"model_files", models_of(comparison.models)},
       {"model_difference", comparison.model_difference
                                ? json_model_difference(*comparison.model_difference)
                                : Json(nullptr)},
       {"settings", settings_of(comparison.settings)},
       {"mismatch", comparison.mismatch ? json_mismatch(*comparison.mismatch) : Json(nullptr)},
       {"health", health_of(comparison.health)},
       {"origins", origins_of(comparison.origins)},
       {"floor", comparison.floor ? json_floor_comparison(*comparison.floor) : Json(nullptr)},
       {"trace", comparison.trace ? trace_of(*comparison.trace) : Json(nullptr)},
       {"explanation", or_null(comparison.explanation, json_explanation)},
       {"per_token_cosine_sim", cosines},
       {"per_token_l2_dist", distances},
       {"positions", positions}});
}

}  // namespace crossval
