#include "tokenizer/hugging_face/added_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/characters.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

// The character before text[at]; at > 0.
uint32_t character_before(std::string_view text, size_t at) {
  do {
    --at;
  } while (at > 0 && (text[at] & 0xC0) == 0x80);
  return next_code_point(text, &at);
}

// Where the white space that ends at `end` begins.
size_t spaces_before(std::string_view text, size_t end) {
  while (end > 0 && hf_is_space(character_before(text, end))) {
    do {
      --end;
    } while (end > 0 && (text[end] & 0xC0) == 0x80);
  }
  return end;
}

size_t spaces_after(std::string_view text, size_t begin) {
  for (size_t at = begin; at < text.size(); begin = at) {
    if (!hf_is_space(next_code_point(text, &at))) break;
  }
  return begin;
}

bool stands_alone(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && hf_is_word(character_before(text, begin))) return false;
  return end == text.size() || !hf_is_word(next_code_point(text, &end));
}

std::vector<std::pair<std::string_view, int32_t>> keys(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string_view, int32_t>> out;
  out.reserve(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) out.emplace_back(texts[i], static_cast<int32_t>(i));
  return out;
}

Result<HfAddedToken> parse_one(const json& entry, const HfPlace& place) {
  HfAddedToken token;
  const auto id = hf_int(entry, "id", place);
  if (!id) return tl::unexpected(id.error());
  if (*id < 0 || *id >= kMostHfTokens) return hf_error(place.at("id"), "token id out of range");
  token.id = static_cast<int32_t>(*id);
  const auto content = hf_string(entry, "content", place);
  if (!content) return tl::unexpected(content.error());
  token.content = *content;
  const std::pair<const char*, bool*> flags[] = {{"special", &token.special},
                                                 {"single_word", &token.single_word},
                                                 {"lstrip", &token.strip_left},
                                                 {"rstrip", &token.strip_right},
                                                 {"normalized", &token.normalized}};
  for (const auto& [name, flag] : flags) {
    const auto value = hf_bool_or(entry, name, false, place);
    if (!value) return tl::unexpected(value.error());
    *flag = *value;
  }
  return token;
}

}  // namespace

Result<std::vector<HfAddedToken>> parse_hf_added_tokens(const json& file, const HfPlace& place) {
  std::vector<HfAddedToken> tokens;
  if (hf_find(file, "added_tokens") == nullptr) return tokens;
  const auto list = hf_array(file, "added_tokens", place);
  if (!list) return tl::unexpected(list.error());
  for (size_t i = 0; i < (*list)->size(); ++i) {
    auto token = parse_one((**list)[i], place.at("added_tokens").at(i));
    if (!token) return tl::unexpected(token.error());
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

HfAddedTokenFinder::HfAddedTokenFinder(std::vector<HfAddedToken> tokens,
                                       std::vector<std::string> texts)
    : tokens_(std::move(tokens)), texts_(std::move(texts)), trie_(keys(texts_)) {}

std::vector<HfAddedTokenFinder::Part> HfAddedTokenFinder::split(std::string_view text,
                                                                bool parse_special) const {
  std::vector<Part> parts;
  size_t open = 0;  // where the plain text before the next token begins
  for (size_t at = 0; at < text.size();) {
    const ByteTrie::Match match = trie_.longest(text.substr(at));
    if (match.size == 0) {
      ++at;
      continue;
    }
    const HfAddedToken& token = tokens_[static_cast<size_t>(match.value)];
    size_t begin = at;
    size_t end = at + match.size;
    at = end;
    if (token.special && !parse_special) continue;
    if (token.single_word && !stands_alone(text, begin, end)) continue;
    if (token.strip_left) begin = std::max(spaces_before(text, begin), open);
    if (token.strip_right) end = spaces_after(text, end);
    if (begin > open) parts.push_back({nullptr, text.substr(open, begin - open)});
    parts.push_back({&token, text.substr(begin, end - begin)});
    open = end;
  }
  if (open < text.size()) parts.push_back({nullptr, text.substr(open)});
  return parts;
}

}  // namespace crossval
