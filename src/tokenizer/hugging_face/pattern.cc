#include "tokenizer/hugging_face/pattern.h"

#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/regex.h"
#include "tokenizer/hugging_face/splitter.h"

namespace crossval {

Result<HfPattern> HfPattern::parse(const nlohmann::json& holder, const HfPlace& place) {
  const nlohmann::json* pattern = hf_find(holder, "pattern");
  const HfPlace here = place.at("pattern");
  if (pattern == nullptr) return hf_error(here, "no pattern");
  if (hf_find(*pattern, "Regex") != nullptr) {
    const auto text = hf_string(*pattern, "Regex", here);
    if (!text) return tl::unexpected(text.error());
    return expression(*text, here);
  }
  const auto text = hf_string(*pattern, "String", here);
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) return hf_error(here, "an empty pattern is not supported");
  std::string escaped;
  for (const char c : *text) {
    const bool plain = (c & 0x80) != 0 || std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (!plain) escaped += '\\';
    escaped += c;
  }
  auto regex = Regex::compile(escaped, RegexMode::unicode);
  if (!regex) return tl::unexpected(regex.error());
  HfPattern result;
  result.regex_ = std::make_shared<Regex>(std::move(*regex));
  result.literal_ = *text;
  return result;
}

Result<HfPattern> HfPattern::expression(std::string_view pattern, const HfPlace& place) {
  const auto translated = pcre_of_oniguruma(pattern, place.text());
  if (!translated) return tl::unexpected(translated.error());
  auto regex = Regex::compile(*translated, RegexMode::unicode);
  if (!regex) return tl::unexpected(regex.error());
  HfPattern result;
  result.regex_ = std::make_shared<Regex>(std::move(*regex));
  return result;
}

Result<std::string> HfPattern::replaced(std::string_view text, std::string_view content) const {
  std::string out;
  if (!literal_.empty()) {
    for (size_t at = text.find(literal_); at != std::string_view::npos; at = text.find(literal_)) {
      out += text.substr(0, at);
      out += content;
      text.remove_prefix(at + literal_.size());
    }
    out += text;
    return out;
  }
  const auto matches = regex_matches(*regex_, text);
  if (!matches) return tl::unexpected(matches.error());
  size_t last = 0;
  for (const RegexMatch& match : *matches) {
    out += text.substr(last, match.begin - last);
    out += content;
    last = match.end;
  }
  out += text.substr(last);
  return out;
}

}  // namespace crossval
