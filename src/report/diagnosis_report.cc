#include "report/diagnosis_report.h"

#include <algorithm>
#include <string_view>

#include "report/json_schema_version.h"
#include "report/json_values.h"

namespace crossval {
namespace {

const char* state_word(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::warning:
      return "warning";
    case CheckState::problem:
      return "problem";
  }
  return "";
}

Tint state_tint(CheckState state) {
  if (state == CheckState::problem) return Tint::bad;
  return state == CheckState::warning ? Tint::warn : Tint::none;
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis, const Layout& layout) {
  std::string text;
  for (const Check& check : diagnosis.checks) {
    text += layout.labelled(state_word(check.state), check.name + ": " + check.detail,
                            state_tint(check.state));
    std::string_view rest = check.repair;  // an engine's last words are lines
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      text += layout.labelled("", line);
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  }
  return text;
}

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
