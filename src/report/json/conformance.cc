#include "report/json/conformance.h"

#include "report/json/engine.h"
#include "report/json/schema_version.h"
#include "report/json/values.h"
#include "report/words.h"

namespace crossval {

std::string conformance_json(const Conformance& conformance) {
  Json items = Json::array();
  for (const ConformanceItem& item : conformance.items) {
    items.push_back({{"name", item.name},
                     {"rule", item.rule},
                     {"keeping", keeping_word(item.keeping)},
                     {"why", json_bytes(item.why)}});
  }
  const ExitCode code = exit_code(conformance);
  return json_document({{"schema_version", kJsonSchemaVersion},
                        {"status", code == ExitCode::ok ? "ok" : "broken"},
                        {"exit_code", static_cast<int>(code)},
                        {"engine", json_engine(conformance.engine)},
                        {"rules", std::move(items)}});
}

}  // namespace crossval
