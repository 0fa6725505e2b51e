#include "gate/token_segmentation.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace crossval {
namespace {

enum class Kind { digit, upper, lower, letter, space, apostrophe, mark, other, inside };

Kind kind_of(utf8proc_int32_t point) {
  if (point == '\'' || point == 0x2019) return Kind::apostrophe;
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::digit;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return Kind::upper;
    case UTF8PROC_CATEGORY_LL:
      return Kind::lower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Kind::letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return Kind::mark;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return Kind::space;
    default:
      return point == '\t' || point == '\n' || point == '\r' || point == '\v' || point == '\f'
                 ? Kind::space
                 : Kind::other;
  }
}

// Per byte the kind of the character that starts there; `inside` for its further bytes and for
// bytes that are no character.
std::vector<Kind> kinds_of(std::string_view text) {
  std::vector<Kind> kinds(text.size(), Kind::inside);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const auto length =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (length > 0) kinds[at] = kind_of(point);
    at += length > 0 ? static_cast<size_t>(length) : 1;
  }
  return kinds;
}

std::set<size_t> borders(std::span<const std::string> pieces) {
  std::set<size_t> result;
  size_t at = 0;
  for (const std::string& piece : pieces) result.insert(at += piece.size());
  return result;
}

bool is_letter(Kind kind) {
  return kind == Kind::upper || kind == Kind::lower || kind == Kind::letter || kind == Kind::mark;
}

// The rule that decides about one border, from the characters on its two sides.
std::string rule_at(const std::vector<Kind>& kinds, size_t border) {
  const Kind right = kinds[border];
  size_t before = border - 1;
  while (before > 0 && kinds[before] == Kind::inside) --before;
  const Kind left = kinds[before];
  if (right == Kind::inside || left == Kind::inside) return "merge-order";
  if (left == Kind::digit && right == Kind::digit) return "pre-tokenizer-digits";
  const bool after_apostrophe = before > 0 && kinds[before - 1] == Kind::apostrophe;
  if (left == Kind::apostrophe || right == Kind::apostrophe ||
      (after_apostrophe && is_letter(left) && is_letter(right))) {
    return "pre-tokenizer-contractions";
  }
  if (left == Kind::space || right == Kind::space) return "pre-tokenizer-whitespace";
  if (left == Kind::lower && right == Kind::upper) return "pre-tokenizer-case";
  if (is_letter(left) && is_letter(right)) return "merge-order";
  return left == right ? "merge-order" : "pre-tokenizer-other";
}

}  // namespace

std::string name_segmentation(std::span<const std::string> a, std::span<const std::string> b) {
  std::string text;
  for (const std::string& piece : a) text += piece;
  const std::vector<Kind> kinds = kinds_of(text);
  const std::set<size_t> left = borders(a), right = borders(b);
  std::vector<size_t> only_one;
  std::set_symmetric_difference(left.begin(), left.end(), right.begin(), right.end(),
                                std::back_inserter(only_one));
  // One rule that cuts elsewhere moves the borders around it too, so the most telling one wins.
  constexpr const char* kByWeight[] = {"pre-tokenizer-digits",     "pre-tokenizer-contractions",
                                       "pre-tokenizer-whitespace", "pre-tokenizer-case",
                                       "pre-tokenizer-other",      "merge-order"};
  std::set<std::string> found;
  for (const size_t border : only_one) {
    if (border < text.size()) found.insert(rule_at(kinds, border));
  }
  for (const char* name : kByWeight) {
    if (found.count(name) != 0) return name;
  }
  return "merge-order";
}

}  // namespace crossval
