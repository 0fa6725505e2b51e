#include "report/json/invariance.h"

#include "report/json/engine.h"
#include "report/json/prompt.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"

namespace crossval {
namespace {

const char* state_name(CellState state) {
  switch (state) {
    case CellState::same:
      return "same";
    case CellState::differs:
      return "differs";
    case CellState::not_run:
      return "not-run";
  }
  return "";
}

Json cell_of(const InvarianceCell& cell) {
  return {{"setting", cell.setting},
          {"name", cell.name},
          {"state", state_name(cell.state)},
          {"claimed", cell.claimed},
          {"why", json_bytes(cell.why)},
          {"rows", cell.rows},
          {"differing", cell.differing},
          {"first_position", cell.first ? Json(*cell.first) : Json(nullptr)},
          {"distance", json_number(cell.distance)}};
}

}  // namespace

std::string invariance_json(const Invariance& result) {
  Json cells = Json::array();
  for (const InvarianceCell& cell : result.cells) cells.push_back(cell_of(cell));
  const bool broken = is_broken(result);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", broken ? "broken" : "ok"},
                        {"verdict", broken ? "NOT-INVARIANT" : "INVARIANT"},
                        {"exit_code", static_cast<int>(exit_code(result))},
                        {"engine", json_engine(result.engine)},
                        {"prompt", json_prompt(result.prompt)},
                        {"tokens", result.tokens},
                        {"cells", cells},
                        {"warnings", json_warnings(result.warnings)}});
}

}  // namespace crossval
