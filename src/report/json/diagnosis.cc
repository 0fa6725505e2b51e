#include "report/json/diagnosis.h"

#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {

std::string diagnosis_json(const Diagnosis& diagnosis) {
  Json checks = Json::array();
  for (const Check& check : diagnosis.checks) {
    checks.push_back({{"name", check.name},
                      {"state", state_word(check.state)},
                      {"detail", json_bytes(check.detail)},
                      {"repair", json_bytes(check.repair)}});
  }
  const ExitCode code = exit_code(diagnosis);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", code == ExitCode::ok ? "ok" : "problem"},
                        {"exit_code", static_cast<int>(code)},
                        {"checks", std::move(checks)}});
}

}  // namespace crossval
