#include "report/json/floor.h"

#include "base/error.h"
#include "report/json/schema_version.h"
#include "report/words.h"

namespace crossval {
namespace {

Json spread_of(const Spread& spread) {
  return {{"median", spread.median}, {"p99", spread.p99}, {"worst", spread.worst}};
}

Json setting_of(const FloorSetting& setting) {
  return {{"name", setting.name},
          {"engine", json_bytes(setting.engine)},
          {"identical_rows", setting.identical_rows},
          {"argmax_flips", setting.argmax_flips},
          {"kl", spread_of(setting.kl)},
          {"centred_nmse", spread_of(setting.centred_nmse)},
          {"cosine_distance", spread_of(setting.cosine_distance)},
          {"max_abs_diff", spread_of(setting.max_abs_diff)},
          {"relative_l2", spread_of(setting.relative_l2)},
          {"log_ratio", setting.log_ratio},
          {"log_ratio_error", setting.log_ratio_error}};
}

Json paired_of(const PairedTest& paired) {
  return {{"word", paired_word(paired.word)},           {"positions", paired.positions},
          {"log_ratio", json_number(paired.log_ratio)}, {"margin", paired.margin},
          {"passing_margin", paired.passing_margin},    {"error_rate", paired.error_rate}};
}

}  // namespace

Json json_floor(const Floor& floor) {
  Json identity = Json::object();
  for (const EngineMark& mark : floor.marks) identity[mark.name] = json_bytes(mark.value);
  Json settings = Json::array();
  for (const FloorSetting& setting : floor.settings) settings.push_back(setting_of(setting));
  return {{"floor_version", 1},
          {"model", json_bytes(floor.model_description)},
          {"model_sha256", floor.model_sha256},
          {"engine", json_bytes(floor.engine)},
          {"identity", std::move(identity)},
          {"text_sha256", floor.text_sha256},
          {"positions", floor.positions},
          {"settings", std::move(settings)},
          {"lacking", floor.lacking},
          {"pair", floor.pair ? Json(*floor.pair) : Json(nullptr)},
          {"margin", floor.margin}};
}

std::string floor_document(const Floor& floor) { return json_document(json_floor(floor)); }

Json json_floor_comparison(const FloorComparison& comparison) {
  const Floor& floor = comparison.floor;
  const auto& factor = comparison.passing_factor;
  return {{"path", json_bytes(comparison.path)},
          {"engine", json_bytes(floor.engine)},
          {"positions", floor.positions},
          {"pair", floor.pair ? Json(floor.settings[static_cast<size_t>(*floor.pair)].name)
                              : Json(nullptr)},
          {"kl_limit", comparison.kl_limit},
          {"nmse_limit", comparison.nmse_limit},
          {"above", comparison.above},
          {"tie_flips", comparison.tie_flips},
          {"decisive_flips", comparison.decisive_flips},
          {"passing_factor", factor ? json_number(*factor) : Json(nullptr)},
          {"paired", comparison.paired ? paired_of(*comparison.paired) : Json(nullptr)},
          {"seconds", json_number(comparison.seconds)}};
}

std::string calibration_json(const Floor& floor, const std::string& path) {
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", "ok"},
                        {"exit_code", static_cast<int>(ExitCode::ok)},
                        {"path", json_bytes(path)},
                        {"floor", json_floor(floor)}});
}

}  // namespace crossval
