#include "report/json/engine.h"

#include "engine/info_fields.h"

namespace crossval {
namespace {

Json json_of(bool value) { return value; }
Json json_of(int32_t value) { return value; }
Json json_of(double value) { return json_number(value); }
Json json_of(const std::string& text) { return json_bytes(text); }
Json json_of(const std::vector<std::string>& texts) {
  Json all = Json::array();
  for (const std::string& text : texts) all.push_back(json_bytes(text));
  return all;
}

template <class Struct, class Fields>
Json object_of(const Struct& values, const Fields& fields) {
  Json object = Json::object();
  for_each_field(fields,
                 [&](const auto& field) { object[field.name] = json_of(values.*field.member); });
  return object;
}

}  // namespace

Json json_engine(const EngineInfo& info) {
  return {{"identity", object_of(info.identity, kIdentityFields)},
          {"settings", object_of(info.settings, kSettingsFields)},
          {"capabilities", object_of(info.capabilities, kCapabilityFields)}};
}

}  // namespace crossval
