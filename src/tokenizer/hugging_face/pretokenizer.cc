#include "tokenizer/hugging_face/pretokenizer.h"

#include <nlohmann/json.hpp>

#include "tokenizer/hugging_face/characters.h"
#include "tokenizer/hugging_face/pattern.h"
#include "tokenizer/text/byte_level.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

using nlohmann::json;

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// \w+ or a run of what is neither white space nor part of a word, the rest dropped.
enum class CharacterKind { space, word, other };
CharacterKind kind_of(uint32_t c) {
  if (hf_is_word(c)) return CharacterKind::word;
  return hf_is_space(c) ? CharacterKind::space : CharacterKind::other;
}

void split_kinds(const HfWord& word, std::vector<HfWord>* out) {
  std::string_view text = word.text;
  CharacterKind open = CharacterKind::space;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const CharacterKind kind = kind_of(next_code_point(text, &at));
    if (kind == CharacterKind::space) {
      open = kind;
      continue;
    }
    if (kind != open) out->push_back({{}, word.at_start && begin == 0});
    out->back().text += text.substr(begin, at - begin);
    open = kind;
  }
}

Result<SplitBehavior> behavior_of(const json& part, std::string fallback, const HfPlace& place) {
  const auto name = hf_string_or(part, "behavior", std::move(fallback), place);
  if (!name) return tl::unexpected(name.error());
  if (*name == "Removed") return SplitBehavior::removed;
  if (*name == "Isolated") return SplitBehavior::isolated;
  if (*name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (*name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (*name == "Contiguous") return SplitBehavior::contiguous;
  return hf_unsupported(place.at("behavior"), "split behavior", *name);
}

// Appends the parts of `text`, which stands for `word`.
Result<void> append_split(const HfSplitter& splitter, std::string_view text, bool at_start,
                          std::vector<HfWord>* out) {
  std::vector<std::string_view> parts;
  if (auto done = splitter.split(text, &parts); !done) return done;
  for (const std::string_view part : parts) {
    out->push_back({std::string(part), at_start && part.data() == text.data()});
  }
  return {};
}

}  // namespace

Result<HfPreTokenizer> HfPreTokenizer::parse(const json* part, const HfPlace& place) {
  HfPreTokenizer result;
  if (part != nullptr) {
    if (auto added = result.add(*part, place); !added) return tl::unexpected(added.error());
  }
  return result;
}

void HfPreTokenizer::add_splitter(HfSplitter splitter) {
  steps_.emplace_back(
      [splitter = std::move(splitter)](const HfWord& word, std::vector<HfWord>* out) {
        return append_split(splitter, word.text, word.at_start, out);
      });
}

Result<void> HfPreTokenizer::add_byte_level(const json& part, const HfPlace& place) {
  const auto prefix = hf_bool_or(part, "add_prefix_space", true, place);
  const auto use_regex = hf_bool_or(part, "use_regex", true, place);
  if (!prefix) return tl::unexpected(prefix.error());
  if (!use_regex) return tl::unexpected(use_regex.error());
  if (*prefix) {
    steps_.emplace_back([](const HfWord& word, std::vector<HfWord>* out) -> Result<void> {
      out->push_back({word.text.starts_with(' ') ? word.text : ' ' + word.text, word.at_start});
      return {};
    });
  }
  if (*use_regex) {
    const auto pattern = HfPattern::expression(kGpt2, place);
    if (!pattern) return tl::unexpected(pattern.error());
    add_splitter(HfSplitter(pattern->regex(), SplitBehavior::isolated, false));
  }
  steps_.emplace_back([](const HfWord& word, std::vector<HfWord>* out) -> Result<void> {
    out->push_back({spell_byte_level(word.text), word.at_start});
    return {};
  });
  return {};
}

Result<void> HfPreTokenizer::add_metaspace(const json& part, const HfPlace& place) {
  const auto replacement = hf_string_or(part, "replacement", "\u2581", place);
  if (!replacement) return tl::unexpected(replacement.error());
  const auto split = hf_bool_or(part, "split", true, place);
  if (!split) return tl::unexpected(split.error());
  // Older files say add_prefix_space instead.
  const auto legacy = hf_bool_or(part, "add_prefix_space", true, place);
  if (!legacy) return tl::unexpected(legacy.error());
  const auto scheme = hf_string_or(part, "prepend_scheme", *legacy ? "always" : "never", place);
  if (!scheme) return tl::unexpected(scheme.error());
  if (*scheme != "always" && *scheme != "never" && *scheme != "first") {
    return hf_unsupported(place.at("prepend_scheme"), "prepend scheme", *scheme);
  }
  std::string escaped;
  for (const char c : *replacement) {
    escaped += (c & 0x80) == 0 ? std::string("\\") + c : std::string(1, c);
  }
  auto regex = Regex::compile(escaped, RegexMode::unicode);
  if (!regex) return tl::unexpected(regex.error());
  const HfSplitter splitter(std::make_shared<Regex>(std::move(*regex)),
                            SplitBehavior::merged_with_next, false);
  steps_.emplace_back([=, replacement = *replacement, scheme = *scheme, split = *split](
                          const HfWord& word, std::vector<HfWord>* out) -> Result<void> {
    std::string text;
    for (const char c : word.text) text += c == ' ' ? replacement : std::string(1, c);
    const bool prepend = scheme == "always" || (scheme == "first" && word.at_start);
    if (prepend && !text.starts_with(replacement)) text.insert(0, replacement);
    if (split) return append_split(splitter, text, word.at_start, out);
    out->push_back({std::move(text), word.at_start});
    return {};
  });
  return {};
}

Result<void> HfPreTokenizer::add(const json& part, const HfPlace& place) {
  const auto type = hf_string(part, "type", place);
  if (!type) return tl::unexpected(type.error());
  if (*type == "Sequence") {
    const auto list = hf_array(part, "pretokenizers", place);
    if (!list) return tl::unexpected(list.error());
    for (size_t i = 0; i < (*list)->size(); ++i) {
      if (auto added = add((**list)[i], place.at("pretokenizers").at(i)); !added) return added;
    }
    return {};
  }
  if (*type == "ByteLevel") return add_byte_level(part, place);
  if (*type == "Metaspace") return add_metaspace(part, place);
  if (*type == "WhitespaceSplit") {
    add_splitter(HfSplitter(&hf_is_space, SplitBehavior::removed));
    return {};
  }
  if (*type == "Whitespace") {
    steps_.emplace_back([](const HfWord& word, std::vector<HfWord>* out) -> Result<void> {
      split_kinds(word, out);
      return {};
    });
    return {};
  }
  if (*type == "BertPreTokenizer") {
    add_splitter(HfSplitter(&hf_is_space, SplitBehavior::removed));
    add_splitter(HfSplitter(&hf_is_punctuation, SplitBehavior::isolated));
    return {};
  }
  if (*type == "Punctuation") {
    const auto behavior = behavior_of(part, "Isolated", place);
    if (!behavior) return tl::unexpected(behavior.error());
    add_splitter(HfSplitter(&hf_is_punctuation, *behavior));
    return {};
  }
  if (*type == "Digits") {
    const auto single = hf_bool_or(part, "individual_digits", false, place);
    if (!single) return tl::unexpected(single.error());
    add_splitter(
        HfSplitter(&hf_is_number, *single ? SplitBehavior::isolated : SplitBehavior::contiguous));
    return {};
  }
  if (*type == "Split") {
    const auto pattern = HfPattern::parse(part, place);
    const auto behavior = behavior_of(part, "", place);
    const auto invert = hf_bool_or(part, "invert", false, place);
    if (!pattern) return tl::unexpected(pattern.error());
    if (!behavior) return tl::unexpected(behavior.error());
    if (!invert) return tl::unexpected(invert.error());
    add_splitter(HfSplitter(pattern->regex(), *behavior, *invert));
    return {};
  }
  return hf_unsupported(place, "pre-tokenizer", *type);
}

Result<void> HfPreTokenizer::apply(std::vector<HfWord>* words) const {
  for (const Step& step : steps_) {
    std::vector<HfWord> next;
    for (const HfWord& word : *words) {
      if (auto done = step(word, &next); !done) return done;
    }
    *words = std::move(next);
  }
  return {};
}

}  // namespace crossval
