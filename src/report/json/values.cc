#include "report/json/values.h"

#include <fmt/format.h>

#include <cmath>

#include "base/utf8.h"

namespace crossval {
namespace {

bool is_flat(const Json& value) {
  for (const Json& item : value) {
    if (item.is_structured() && !item.empty()) return false;
  }
  return true;
}

// A list of plain values, or a record of a list, takes one line however long it is.
bool on_one_line(const Json& value, int depth) {
  return !value.is_structured() || (value.is_array() && is_flat(value)) ||
         (depth > 1 && is_flat(value));
}

void write(const Json& value, int depth, std::string& text) {
  if (value.empty() || on_one_line(value, depth)) {
    text += value.dump();
    return;
  }
  const std::string indent(static_cast<size_t>(depth + 1) * 2, ' ');
  text += value.is_array() ? "[" : "{";
  const char* separator = "\n";
  for (const auto& [key, item] : value.items()) {
    text += separator + indent;
    if (value.is_object()) text += Json(key).dump() + ": ";
    write(item, depth + 1, text);
    separator = ",\n";
  }
  text += "\n" + indent.substr(2) + (value.is_array() ? "]" : "}");
}

}  // namespace

Json json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json json_bytes(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return bytes;
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return {{"hex", hex}};
}

std::string json_document(const Json& document) {
  std::string text;
  write(document, 0, text);
  return text + "\n";
}

}  // namespace crossval
