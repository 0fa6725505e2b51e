#include "engine/info_fields.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace crossval {
namespace {

using Json = nlohmann::json;

std::string document(const char* name) {
  std::ifstream file(std::string(CROSSVAL_DOCS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

// Stands for a member of any type, so that a struct's members can be counted.
struct Any {
  template <class T>
  operator T() const;
};

template <class Struct, size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return requires { Struct{(void(I), Any{})...}; };
}

template <class Struct, size_t N = 1>
constexpr size_t count_members() {
  if constexpr (takes<Struct>(std::make_index_sequence<N + 1>{})) {
    return count_members<Struct, N + 1>();
  } else {
    return N;
  }
}

template <class Struct, class Fields>
constexpr bool lists_all(const Fields&) {
  return count_members<Struct>() == std::tuple_size_v<Fields>;
}

static_assert(lists_all<EngineIdentity>(kIdentityFields), "a member has no entry in the list");
static_assert(lists_all<EngineSettings>(kSettingsFields), "a member has no entry in the list");
static_assert(lists_all<Capabilities>(kCapabilityFields), "a member has no entry in the list");

Json schema_of(bool) { return {{"type", "boolean"}}; }
Json schema_of(int32_t) { return {{"type", "integer"}}; }
Json schema_of(double) { return {{"$ref", "#/$defs/number"}}; }
Json schema_of(const std::string&) { return {{"$ref", "#/$defs/bytes"}}; }
Json schema_of(const std::vector<std::string>&) {
  return {{"type", "array"}, {"items", {{"$ref", "#/$defs/bytes"}}}};
}

template <class Struct, class Fields>
Json schema_by(const Struct& values, const Fields& fields) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  for_each_field(fields, [&](const auto& field) {
    schema["properties"][field.name] = schema_of(values.*field.member);
    schema["required"].push_back(field.name);
  });
  return schema;
}

TEST(InfoFields, TheSchemaHasTheSame) {
  const Json engine = Json::parse(document("result.schema.json"))["$defs"]["engine"]["properties"];
  const EngineInfo info;
  EXPECT_EQ(engine["identity"], schema_by(info.identity, kIdentityFields));
  EXPECT_EQ(engine["settings"], schema_by(info.settings, kSettingsFields));
  EXPECT_EQ(engine["capabilities"], schema_by(info.capabilities, kCapabilityFields));
}

// The example of a ready frame names every field, and no other.
TEST(InfoFields, TheProtocolsDocumentHasTheSame) {
  const std::string text = document("protocol.md");
  const size_t begin = text.rfind("{\"identity\": ");  // the one with all of them
  ASSERT_NE(begin, std::string::npos);
  const Json ready = Json::parse(text.substr(begin, text.find("\n\n", begin) - begin));
  const auto expect_same = [&](const char* part, const auto& fields) {
    std::set<std::string> names, shown;
    for_each_field(fields, [&](const auto& field) { names.insert(field.name); });
    for (const auto& [name, value] : ready[part].items()) shown.insert(name);
    EXPECT_EQ(shown, names) << part;
  };
  expect_same("identity", kIdentityFields);
  expect_same("settings", kSettingsFields);
  expect_same("capabilities", kCapabilityFields);
}

}  // namespace
}  // namespace crossval
