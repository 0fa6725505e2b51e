#include "tokenizer/text/charsmap.h"

#include <cstring>

namespace crossval {
namespace {

constexpr uint32_t kValueBit = uint32_t{1} << 31;

uint32_t base(uint32_t unit) { return (unit >> 10) << ((unit & (uint32_t{1} << 9)) >> 6); }
uint32_t label(uint32_t unit) { return unit & (kValueBit | 0xFF); }
bool has_value(uint32_t unit) { return (unit >> 8 & 1) != 0; }

tl::unexpected<Error> broken(std::string what, const std::string& where) {
  return fail(ExitCode::bad_input_file, std::move(what), where, "Convert the model again.");
}

}  // namespace

Result<Charsmap> Charsmap::parse(std::span<const std::byte> bytes, const std::string& where) {
  uint32_t size = 0;
  if (bytes.size() < sizeof size) return broken("the character map is cut off", where);
  std::memcpy(&size, bytes.data(), sizeof size);
  const std::span<const std::byte> rest = bytes.subspan(sizeof size);
  if (size >= rest.size()) {
    return broken("the character map's trie is longer than the map", where);
  }
  Charsmap map;
  map.units_.resize(size / sizeof(uint32_t));
  std::memcpy(map.units_.data(), rest.data(), map.units_.size() * sizeof(uint32_t));
  map.replacements_.assign(reinterpret_cast<const char*>(rest.data()) + size, rest.size() - size);
  return map;
}

Result<Charsmap::Replacement> Charsmap::find(std::string_view text, bool first) const {
  if (units_.empty()) return Replacement{};
  const std::string where = "character map";
  size_t consumed = 0;
  uint32_t offset = 0;
  uint32_t node = base(units_[0]);
  for (size_t at = 0; at < text.size() && text[at] != '\0'; ++at) {
    const uint32_t c = static_cast<uint8_t>(text[at]);
    node ^= c;
    if (node >= units_.size()) return broken("the character map points outside itself", where);
    const uint32_t unit = units_[node];
    if (label(unit) != c) break;
    node ^= base(unit);
    if (!has_value(unit)) continue;
    if (node >= units_.size()) return broken("the character map points outside itself", where);
    consumed = at + 1;
    offset = units_[node] & ~kValueBit;
    if (first) break;
  }
  if (consumed == 0) return Replacement{};
  const size_t end = replacements_.find('\0', offset);
  if (offset >= replacements_.size() || end == std::string::npos) {
    return broken("a replacement of the character map has no end", where);
  }
  return Replacement{consumed, std::string_view(replacements_).substr(offset, end - offset)};
}

}  // namespace crossval
