// JSON that somebody else wrote, looked into with caution: what is not there is null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace crossval {

/// The member of an object, or null where it has none, or is no object.
const nlohmann::json& member(const nlohmann::json& object, const char* key);
/// The element of an array, or null.
const nlohmann::json& element(const nlohmann::json& array, size_t index);
/// A text, or an empty one for everything else.
std::string text_of(const nlohmann::json& json);
/// A whole number from 0 that int32_t holds, or −1 for everything else.
int32_t number_of(const nlohmann::json& json);

}  // namespace crossval
