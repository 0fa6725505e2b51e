#include "report/json/explanation.h"

#include "report/json/engine.h"
#include "report/json/model_difference.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/words.h"

namespace crossval {
namespace {

Json error_of(const JudgedOperation& operation) {
  if (!operation.judged) return nullptr;
  const LocalError& error = operation.error;
  return {{"units", json_number(error.units)},
          {"position", error.position},
          {"element", error.element},
          {"value", json_number(error.value)},
          {"expected", json_number(error.expected)},
          {"bound", json_number(error.bound)}};
}

Json logits_distance(const LogitsDistance& found) {
  return {{"mistake", found.mistake.empty() ? Json(nullptr) : Json(found.mistake)},
          {"arithmetic", found.arithmetic},
          {"prompts", found.prompts},
          {"tokens", found.tokens},
          {"distance", json_number(found.distance)},
          {"identical", found.identical}};
}

Json by_logits(const JudgedByLogits& judged) {
  Json sound = Json::array();
  for (const LogitsDistance& found : judged.sound) sound.push_back(logits_distance(found));
  Json causes = Json::array();
  for (const LogitsDistance& found : judged.causes) causes.push_back(logits_distance(found));
  return {{"sound", std::move(sound)}, {"causes", std::move(causes)}};
}

Json side(const JudgedEngine& engine) {
  Json arithmetic = Json::array();
  for (const FittedArithmetic& fit : engine.arithmetic) {
    arithmetic.push_back({{"of", fit.what},
                          {"as", fit.as},
                          {"units", json_number(fit.units)},
                          {"next_best_units", json_number(fit.next)},
                          {"operations", fit.operations}});
  }
  Json alone = Json::array();
  for (const std::string& label : engine.without_partner) alone.push_back(json_bytes(label));
  return {{"engine", json_engine(engine.info)},
          {"model_difference", or_null(engine.model_difference, json_model_difference)},
          {"asked", engine.asked},
          {"shown", engine.shown},
          {"judged", engine.judged},
          {"beyond", engine.beyond},
          {"worst_healthy_units", json_number(engine.worst_healthy)},
          {"first_beyond", engine.first_beyond ? Json(*engine.first_beyond) : Json(nullptr)},
          {"distance_to_oracle", json_number(engine.distance_to_oracle)},
          {"arithmetic", std::move(arithmetic)},
          {"without_partner", std::move(alone)},
          {"by_logits", or_null(engine.by_logits, by_logits)}};
}

Json proof_of(const CausalProof& proof) {
  const bool tried = proof.distance_under_cause >= 0;
  return {{"share", proof.share ? json_number(*proof.share) : Json(nullptr)},
          {"distance", json_number(proof.distance)},
          {"distance_under_cause", tried ? json_number(proof.distance_under_cause) : Json(nullptr)},
          {"identical_under_cause", proof.identical_under_cause},
          {"in_all_layers", proof.in_all_layers}};
}

Json routed(const RoutedPosition& position) {
  return {{"experts", position.experts}, {"margin", json_number(position.margin)}};
}

Json routing_of(const Explanation& e) {
  if (e.routed == 0) return nullptr;
  Json flips = Json::array();
  const auto distance = [](double apart) { return apart < 0 ? Json(nullptr) : json_number(apart); };
  for (const RoutingFlip& flip : e.routing_flips) {
    flips.push_back({{"layer", flip.layer},
                     {"position", flip.position},
                     {"why", flip_word(reason_of(flip, e.limit))},
                     {"candidate", routed(flip.candidate)},
                     {"reference", routed(flip.reference)},
                     {"apart", distance(flip.apart)},
                     {"apart_when_forced", distance(flip.apart_when_forced)}});
  }
  return {{"choices", e.routed}, {"flips", std::move(flips)}};
}

Json reproduction_of(const Reproduction& reproduction) {
  return {{"tokens", reproduction.tokens}, {"units", json_number(reproduction.error.units)}};
}

}  // namespace

Json json_explanation(const Explanation& e) {
  Json operations = Json::array();
  for (size_t i = 0; i < e.candidate.operations.size(); ++i) {
    const JudgedOperation& c = e.candidate.operations[i];
    const double apart = e.accumulated[i];
    operations.push_back({{"tensor", json_bytes(c.tensor)},
                          {"kind", c.kind},
                          {"layer", c.layer},
                          {"weight", json_bytes(c.weight)},
                          {"candidate", error_of(c)},
                          {"reference", error_of(e.reference.operations[i])},
                          {"apart", apart < 0 ? Json(nullptr) : json_number(apart)}});
  }
  Json causes = Json::array();
  for (const FoundCause& cause : e.causes)
    causes.push_back({{"mistake", cause.mistake},
                      {"what", cause.what},
                      {"units", cause.units < 0 ? Json(nullptr) : json_number(cause.units)}});
  return {{"status", status_word(e.blame)},
          {"verdict", blame_word(e.blame)},
          {"exit_code", static_cast<int>(exit_code(e))},
          {"why_unknown", e.why_unknown},
          {"model_path", json_bytes(e.model)},
          {"tokens", e.tokens},
          {"positions", e.positions},
          {"limit", json_number(e.limit)},
          {"identical", e.identical},
          {"distance", json_number(e.distance)},
          {"candidate", side(e.candidate)},
          {"reference", side(e.reference)},
          {"routing", routing_of(e)},
          {"causes", std::move(causes)},
          {"mistakes_tried", e.mistakes_tried},
          {"proof", or_null(e.proof, proof_of)},
          {"reproduction", or_null(e.reproduction, reproduction_of)},
          {"operations", std::move(operations)},
          {"warnings", json_warnings(e.warnings)}};
}

std::string explanation_json(const Explanation& e) {
  Json document = {{"schema_version", kJsonSchemaVersion}};
  document.update(json_explanation(e));
  return json_document(document);
}

}  // namespace crossval
