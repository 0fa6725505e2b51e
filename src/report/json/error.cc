#include "report/json/error.h"

#include <nlohmann/json.hpp>

#include "report/json/schema_version.h"

namespace crossval {

std::string json_error(const Error& error) {
  const nlohmann::ordered_json document = {
      {"schema_version", kJsonSchemaVersion},
      {"status", "error"},
      {"exit_code", static_cast<int>(error.code)},
      {"error", {{"what", error.what}, {"where", error.where}, {"hint", error.hint}}}};
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace crossval
