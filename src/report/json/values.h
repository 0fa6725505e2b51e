// Values that JSON has no form for (docs/json.md), and the layout of our documents.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace crossval {

using Json = nlohmann::ordered_json;

/// A number, or "NaN", "Infinity", "-Infinity" as a string. Shortest digits that give the value
/// back.
Json json_number(double value);

/// A string when `bytes` are valid UTF-8, else {"hex": "636166e9"}.
Json json_bytes(std::string_view bytes);

/// What `write` makes of a value, or null without one.
template <class T, class Write>
Json or_null(const std::optional<T>& value, Write write) {
  return value ? write(*value) : Json(nullptr);
}

/// The document as text: what fits goes on one line, so that a record or a short list is a line. A
/// final newline.
std::string json_document(const Json& document);

}  // namespace crossval
