#include "engine/info_json.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include "engine/info_fields.h"
#include "protocol/frame.h"

namespace crossval {
namespace {

using Json = nlohmann::json;

// Takes members of one JSON object; remembers the first that has another type than asked for.
class Members {
 public:
  Members(const Json& object, std::string& problem) : object_(object), problem_(problem) {}

  template <class T>
  void take(const char* key, T& value) {
    const auto found = object_.find(key);
    if (found == object_.end()) return;
    try {
      if constexpr (std::is_same_v<T, int32_t>) {
        take_integer(*found, value);
      } else {
        found->get_to(value);
      }
    } catch (const Json::exception&) {
      if (problem_.empty()) problem_ = std::string("its \"") + key + "\" has the wrong type";
    }
  }

 private:
  // The library converts any number, 1e99 too, for which C++ defines no result.
  static void take_integer(const Json& json, int32_t& value) {
    const int64_t wide = json.is_number_integer() ? json.get<int64_t>() : INT64_MAX;
    if (wide < INT32_MIN || wide > INT32_MAX) throw Json::other_error::create(0, "", &json);
    value = static_cast<int32_t>(wide);
  }

  const Json& object_;
  std::string& problem_;
};

template <class Struct, class Fields>
void take_all(const Json& json, const Fields& fields, Struct& values, std::string& problem) {
  Members from(json, problem);
  for_each_field(fields, [&](const auto& field) { from.take(field.name, values.*field.member); });
}

template <class Struct, class Fields>
Json object_of(const Struct& values, const Fields& fields) {
  Json object = Json::object();
  for_each_field(fields, [&](const auto& field) { object[field.name] = values.*field.member; });
  return object;
}

const Json& part(const Json& json, const char* key) {
  static const Json empty = Json::object();
  const auto found = json.find(key);
  return found != json.end() && found->is_object() ? *found : empty;
}

// What an engine says must not look like lines of ours.
void one_line(std::string& text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

Result<EngineInfo> parse_engine_info(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(ExitCode::engine_failed, "its self-description is no JSON");
  EngineInfo info;
  std::string problem;
  take_all(part(json, "identity"), kIdentityFields, info.identity, problem);
  take_all(part(json, "settings"), kSettingsFields, info.settings, problem);
  take_all(part(json, "capabilities"), kCapabilityFields, info.capabilities, problem);
  if (!part(json, "settings").contains("all_logits"))
    info.settings.all_logits = info.capabilities.all_logits;
  const std::string& rows = info.settings.rows;
  if (problem.empty() && !rows.empty() && rows != kTopRows && rows != kHashedRows)
    problem = "its rows are none of \"\", \"top\" and \"hashes\"";
  constexpr int32_t kMaxVocab = protocol::kMaxPayload / sizeof(float) - 1;
  if (problem.empty() && (info.settings.n_vocab < 1 || info.settings.n_vocab > kMaxVocab)) {
    problem = "its n_vocab is not in [1, " + std::to_string(kMaxVocab) + "]";
  }
  if (!problem.empty()) return fail(ExitCode::engine_failed, problem);
  return info;
}

std::string engine_info_json(const EngineInfo& info) {
  const Json json = {{"identity", object_of(info.identity, kIdentityFields)},
                     {"settings", object_of(info.settings, kSettingsFields)},
                     {"capabilities", object_of(info.capabilities, kCapabilityFields)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Error> parse_engine_error(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(ExitCode::engine_failed, "its error is no JSON");
  std::string kind;
  std::string problem;
  Error error;
  Members from(json, problem);
  from.take("kind", kind);
  from.take("what", error.what);
  from.take("where", error.where);
  from.take("hint", error.hint);
  if (!problem.empty()) return fail(ExitCode::engine_failed, problem);
  for (std::string* said : {&error.what, &error.where, &error.hint}) one_line(*said);
  error.code = kind == "usage"   ? ExitCode::usage
               : kind == "input" ? ExitCode::bad_input_file
                                 : ExitCode::engine_failed;
  return error;
}

Result<EngineWarning> parse_engine_warning(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(ExitCode::engine_failed, "its warning is no JSON");
  std::string problem;
  EngineWarning warning;
  Members from(json, problem);
  from.take("name", warning.name);
  from.take("message", warning.message);
  if (!problem.empty()) return fail(ExitCode::engine_failed, problem);
  for (std::string* said : {&warning.name, &warning.message}) one_line(*said);
  return warning;
}

}  // namespace crossval
