#include "tokenizer/hugging_face/normalizer.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/characters.h"
#include "tokenizer/hugging_face/pattern.h"
#include "tokenizer/hugging_face/precompiled.h"
#include "tokenizer/text/byte_level.h"
#include "tokenizer/text/charsmap.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

std::string strip(std::string_view text, bool left, bool right) {
  size_t begin = text.size();
  size_t end = 0;  // of the last character that stays
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    if (hf_is_space(next_code_point(text, &at))) continue;
    begin = std::min(begin, start);
    end = at;
  }
  if (!left) begin = 0;
  if (!right) end = text.size();
  return end > begin ? std::string(text.substr(begin, end - begin)) : std::string();
}

template <class Keep>
std::string filtered(std::string_view text, const Keep& keep) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (keep(next_code_point(text, &at))) out += text.substr(begin, at - begin);
  }
  return out;
}

struct BertRules {
  bool clean = true;
  bool ideographs = true;
  bool accents = true;  // stripped
  bool lowercase = true;
};

std::string bert(std::string text, const BertRules& rules) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const uint32_t c = next_code_point(text, &at);
    if (rules.clean && hf_is_control(c)) continue;  // U+0000 and U+FFFD among them
    const bool alone = rules.ideographs && hf_is_ideograph(c);
    if (alone) out += ' ';
    append_utf8(rules.clean && hf_is_space(c) ? ' ' : c, &out);
    if (alone) out += ' ';
  }
  if (rules.accents) {
    out = filtered(hf_normal_form(out, NormalForm::nfd),
                   [](uint32_t c) { return !hf_is_nonspacing_mark(c); });
  }
  return rules.lowercase ? hf_lowercase(out) : out;
}

std::optional<std::vector<std::byte>> base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> out;
  uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::byte>(bits >> count));
    }
  }
  return out;
}

}  // namespace

Result<HfNormalizer> HfNormalizer::parse(const json* part, const HfPlace& place) {
  HfNormalizer result;
  if (part != nullptr) {
    if (auto added = result.add(*part, place); !added) return tl::unexpected(added.error());
  }
  return result;
}

Result<void> HfNormalizer::add(const json& part, const HfPlace& place) {
  const auto type = hf_string(part, "type", place);
  if (!type) return tl::unexpected(type.error());
  const auto plain = [this](std::string (*change)(std::string)) -> Result<void> {
    steps_.emplace_back(
        [change](std::string text) -> Result<std::string> { return change(std::move(text)); });
    return {};
  };
  if (*type == "Sequence") {
    const auto list = hf_array(part, "normalizers", place);
    if (!list) return tl::unexpected(list.error());
    for (size_t i = 0; i < (*list)->size(); ++i) {
      if (auto added = add((**list)[i], place.at("normalizers").at(i)); !added) return added;
    }
    return {};
  }
  if (*type == "NFC")
    return plain([](std::string t) { return hf_normal_form(t, NormalForm::nfc); });
  if (*type == "NFD")
    return plain([](std::string t) { return hf_normal_form(t, NormalForm::nfd); });
  if (*type == "NFKC") {
    return plain([](std::string t) { return hf_normal_form(t, NormalForm::nfkc); });
  }
  if (*type == "NFKD") {
    return plain([](std::string t) { return hf_normal_form(t, NormalForm::nfkd); });
  }
  if (*type == "Lowercase") return plain([](std::string t) { return hf_lowercase(t); });
  if (*type == "StripAccents") {
    return plain(
        [](std::string t) { return filtered(t, [](uint32_t c) { return !hf_is_mark(c); }); });
  }
  if (*type == "ByteLevel") return plain([](std::string t) { return spell_byte_level(t); });
  if (*type == "Prepend") {
    const auto prefix = hf_string(part, "prepend", place);
    if (!prefix) return tl::unexpected(prefix.error());
    steps_.emplace_back([prefix = *prefix](std::string text) -> Result<std::string> {
      return text.empty() ? text : prefix + text;
    });
    return {};
  }
  if (*type == "Strip") {
    const auto left = hf_bool_or(part, "strip_left", true, place);
    const auto right = hf_bool_or(part, "strip_right", true, place);
    if (!left) return tl::unexpected(left.error());
    if (!right) return tl::unexpected(right.error());
    steps_.emplace_back([left = *left, right = *right](std::string text) -> Result<std::string> {
      return strip(text, left, right);
    });
    return {};
  }
  if (*type == "Replace") {
    auto pattern = HfPattern::parse(part, place);
    const auto content = hf_string(part, "content", place);
    if (!pattern) return tl::unexpected(pattern.error());
    if (!content) return tl::unexpected(content.error());
    steps_.emplace_back([pattern = std::move(*pattern),
                         content = *content](std::string text) -> Result<std::string> {
      return pattern.replaced(text, content);
    });
    return {};
  }
  if (*type == "Precompiled") {
    const auto text = hf_string(part, "precompiled_charsmap", place);
    if (!text) return tl::unexpected(text.error());
    const auto bytes = base64(*text);
    if (!bytes) return hf_error(place.at("precompiled_charsmap"), "no base64");
    auto map = Charsmap::parse(*bytes, place.text());
    if (!map) return tl::unexpected(map.error());
    steps_.emplace_back([map = std::make_shared<Charsmap>(std::move(*map))](std::string t) {
      return hf_precompiled(*map, t);
    });
    return {};
  }
  if (*type == "BertNormalizer") {
    BertRules rules;
    const auto lowercase = hf_bool_or(part, "lowercase", true, place);
    if (!lowercase) return tl::unexpected(lowercase.error());
    rules.lowercase = *lowercase;
    rules.accents = *lowercase;  // unless the file says otherwise
    const std::pair<const char*, bool*> flags[] = {{"clean_text", &rules.clean},
                                                   {"handle_chinese_chars", &rules.ideographs},
                                                   {"strip_accents", &rules.accents}};
    for (const auto& [name, flag] : flags) {
      const auto value = hf_bool_or(part, name, *flag, place);
      if (!value) return tl::unexpected(value.error());
      *flag = *value;
    }
    steps_.emplace_back(
        [rules](std::string text) -> Result<std::string> { return bert(std::move(text), rules); });
    return {};
  }
  return hf_unsupported(place, "normalizer", *type);
}

Result<std::string> HfNormalizer::apply(std::string text) const {
  for (const Step& step : steps_) {
    auto changed = step(std::move(text));
    if (!changed) return changed;
    text = std::move(*changed);
  }
  return text;
}

}  // namespace crossval
