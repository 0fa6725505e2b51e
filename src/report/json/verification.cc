#include "report/json/verification.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {

std::string verification_json(const Verification& v) {
  Json worst = Json::array();
  for (const ProducedToken& token : v.worst) {
    worst.push_back({{"sample", token.sample},
                     {"output", token.output},
                     {"index", token.index},
                     {"position", token.position},
                     {"token", token.id},
                     {"expected", token.expected},
                     {"rank", token.rank},
                     {"margin", json_number(token.margin)},
                     {"outside", json_number(token.outside)}});
  }
  const bool fails = exit_code(v) != ExitCode::ok;
  Json drawn = nullptr;
  if (v.drawn()) {
    drawn = {{"mean_log_probability", json_number(v.mean_log_p)},
             {"expected_log_probability", json_number(v.expected_log_p)},
             {"deviation", json_number(v.deviation)},
             {"unlikely", v.unlikely()}};
  }
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", fails ? "diverged" : "ok"},
                        {"verdict", fails ? "NOT-ITS-TOKENS" : "ITS-TOKENS"},
                        {"exit_code", static_cast<int>(exit_code(v))},
                        {"engine", json_engine(v.engine)},
                        {"path", json_bytes(v.path)},
                        {"margin_threshold", json_number(v.margin_tol)},
                        {"sampling",
                         {{"temperature", json_number(v.sampling.temperature)},
                          {"top_k", v.sampling.top_k},
                          {"top_p", json_number(v.sampling.top_p)},
                          {"min_p", json_number(v.sampling.min_p)},
                          {"temperature_last", v.sampling.temperature_last}}},
                        {"drawn", drawn},
                        {"samples", v.samples},
                        {"outputs", v.outputs},
                        {"tokens", v.tokens},
                        {"matches", v.matches},
                        {"near", v.near},
                        {"far", v.far},
                        {"match_interval", {json_number(v.match_low), json_number(v.match_high)}},
                        {"mean_margin", json_number(v.mean_margin)},
                        {"largest_margin", json_number(v.largest_margin)},
                        {"worst", worst},
                        {"warnings", json_warnings(v.warnings)}});
}

}  // namespace crossval
