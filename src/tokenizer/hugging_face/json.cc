#include "tokenizer/hugging_face/json.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace crossval {

using nlohmann::json;

HfPlace HfPlace::at(std::string_view name) const {
  return {path, member.empty() ? std::string(name) : fmt::format("{}.{}", member, name)};
}

HfPlace HfPlace::at(size_t index) const { return {path, fmt::format("{}[{}]", member, index)}; }

tl::unexpected<Error> hf_error(const HfPlace& place, std::string what, std::string hint) {
  return fail(ExitCode::bad_input_file, std::move(what), place.text(), std::move(hint));
}

tl::unexpected<Error> hf_unsupported(const HfPlace& place, std::string_view kind,
                                     std::string_view name) {
  return hf_error(place, fmt::format("{} '{}' is not supported", kind, name),
                  "The list of what is: docs/tokenizers.md.");
}

const json* hf_find(const json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Result<std::string> hf_string(const json& object, std::string_view name, const HfPlace& place) {
  const json* value = hf_find(object, name);
  if (value == nullptr || !value->is_string()) return hf_error(place.at(name), "no string");
  return value->get<std::string>();
}

Result<std::string> hf_string_or(const json& object, std::string_view name, std::string fallback,
                                 const HfPlace& place) {
  if (hf_find(object, name) == nullptr) return fallback;
  return hf_string(object, name, place);
}

Result<bool> hf_bool_or(const json& object, std::string_view name, bool fallback,
                        const HfPlace& place) {
  const json* value = hf_find(object, name);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return hf_error(place.at(name), "neither true nor false");
  return value->get<bool>();
}

Result<int64_t> hf_int(const json& object, std::string_view name, const HfPlace& place) {
  const json* value = hf_find(object, name);
  if (value == nullptr || !value->is_number_integer()) {
    return hf_error(place.at(name), "no whole number");
  }
  return value->get<int64_t>();
}

std::optional<int32_t> hf_token_id(const json& value) {
  if (!value.is_number_integer()) return {};
  const auto id = value.get<int64_t>();
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) return {};
  return static_cast<int32_t>(id);
}

Result<const json*> hf_array(const json& object, std::string_view name, const HfPlace& place) {
  const json* value = hf_find(object, name);
  if (value == nullptr || !value->is_array()) return hf_error(place.at(name), "no list");
  return value;
}

}  // namespace crossval
