#include "tokenizer/hugging_face/decoder.h"

#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/pattern.h"
#include "tokenizer/text/byte_level.h"

namespace crossval {
namespace {

using nlohmann::json;

std::optional<char> named_byte(std::string_view token) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  const int high = digit(token[3]);
  const int low = digit(token[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

}  // namespace

Result<HfDecoder> HfDecoder::parse(const json* decoder, const HfPlace& place) {
  HfDecoder result;
  if (decoder != nullptr) {
    if (auto added = result.add(*decoder, place); !added) return tl::unexpected(added.error());
  }
  return result;
}

Result<void> HfDecoder::add(const json& decoder, const HfPlace& place) {
  const auto type = hf_string(decoder, "type", place);
  if (!type) return tl::unexpected(type.error());
  if (*type == "Fuse" || *type == "Strip") return {};
  if (*type == "Sequence") {
    const auto list = hf_array(decoder, "decoders", place);
    if (!list) return tl::unexpected(list.error());
    for (size_t i = 0; i < (*list)->size(); ++i) {
      if (auto added = add((**list)[i], place.at("decoders").at(i)); !added) return added;
    }
    return {};
  }
  if (*type == "ByteLevel") {
    byte_level_ = true;
    return {};
  }
  if (*type == "ByteFallback") {
    byte_tokens_ = true;
    return {};
  }
  if (*type == "Metaspace") {
    const auto replacement = hf_string_or(decoder, "replacement", "\u2581", place);
    if (!replacement) return tl::unexpected(replacement.error());
    replacements_.emplace_back(*replacement, " ");
    return {};
  }
  if (*type == "WordPiece") {
    const auto prefix = hf_string_or(decoder, "prefix", "##", place);
    if (!prefix) return tl::unexpected(prefix.error());
    wordpiece_ = true;
    wordpiece_prefix_ = *prefix;
    return {};
  }
  if (*type == "Replace") {
    const auto pattern = HfPattern::parse(decoder, place);
    const auto content = hf_string(decoder, "content", place);
    if (!pattern) return tl::unexpected(pattern.error());
    if (!content) return tl::unexpected(content.error());
    if (pattern->literal().empty()) return hf_unsupported(place, "decoder", "Replace (Regex)");
    replacements_.emplace_back(pattern->literal(), *content);
    return {};
  }
  return hf_unsupported(place, "decoder", *type);
}

std::string HfDecoder::bytes(const std::string& token) const {
  if (byte_tokens_) {
    if (const auto byte = named_byte(token)) return {*byte};
  }
  if (byte_level_) return decode_byte_level(token).value_or(token);
  std::string out = token;
  for (const auto& [from, to] : replacements_) {
    if (from.empty()) continue;
    for (size_t at = out.find(from); at != std::string::npos; at = out.find(from, at + to.size())) {
      out.replace(at, from.size(), to);
    }
  }
  if (!wordpiece_) return out;
  return out.starts_with(wordpiece_prefix_) ? out.substr(wordpiece_prefix_.size()) : ' ' + out;
}

}  // namespace crossval
