#include "logprobs/json_members.h"

#include <limits>

namespace crossval {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

const Json& element(const Json& array, size_t index) {
  static const Json none;
  return array.is_array() && index < array.size() ? array[index] : none;
}

std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

int32_t number_of(const Json& json) {
  const int64_t wide = json.is_number_integer() ? json.get<int64_t>() : -1;
  return wide < 0 || wide > std::numeric_limits<int32_t>::max() ? -1 : static_cast<int32_t>(wide);
}

}  // namespace crossval
