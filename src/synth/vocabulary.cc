#include "synth/vocabulary.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/text/byte_level.h"

namespace crossval {
namespace {

constexpr std::string_view kControlTokens[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
constexpr int32_t kNormal = 1;  // token types of the file format
constexpr int32_t kControl = 3;

// Each becomes a token by merging it from the left.
constexpr std::string_view kWords[] = {
    " the", " of",   " and",  " to",   " in",   " is",   " that", " for", " it",   " was",
    " on",  " are",  " with", " as",   " he",   " be",   " at",   " by",  " this", " have",
    " not", " from", " or",   " one",  " had",  " but",  " what", " all", " were", " we",
    "ing",  "ed",    "er",    "ion",   "es",    "ly",    "The",   "tion", "ment",  "ness",
    " can", " you",  " said", " time", " word", " make", " like", "    ", "\n\n",  "()",
};

}  // namespace

int64_t add_small_vocabulary(GgufWriter& to) {
  std::vector<std::string> tokens(std::begin(kControlTokens), std::end(kControlTokens));
  std::vector<int32_t> types(tokens.size(), kControl);
  std::vector<std::string> merges;
  for (int byte = 0; byte < 256; ++byte)
    tokens.emplace_back(byte_level_text(static_cast<uint8_t>(byte)));
  for (const std::string_view word : kWords) {
    for (size_t length = 2; length <= word.size(); ++length) {
      std::string token = spell_byte_level(word.substr(0, length));
      if (std::ranges::find(tokens, token) != tokens.end()) continue;
      merges.push_back(spell_byte_level(word.substr(0, length - 1)) + " " +
                       spell_byte_level(word.substr(length - 1, 1)));
      tokens.push_back(std::move(token));
    }
  }
  types.resize(tokens.size(), kNormal);
  to.add_string("tokenizer.ggml.model", "gpt2");
  to.add_string("tokenizer.ggml.pre", "gpt-2");
  to.add_strings("tokenizer.ggml.tokens", tokens);
  to.add_i32s("tokenizer.ggml.token_type", types);
  to.add_strings("tokenizer.ggml.merges", merges);
  to.add_u32("tokenizer.ggml.bos_token_id", 0);
  to.add_u32("tokenizer.ggml.eos_token_id", 2);
  to.add_bool("tokenizer.ggml.add_bos_token", false);
  return static_cast<int64_t>(tokens.size());
}

Result<int64_t> copy_vocabulary(const GgufFile& from, GgufWriter& to) {
  const auto tokens = from.get_array("tokenizer.ggml.tokens");
  if (!tokens) return tl::unexpected(tokens.error());
  for (const GgufKey& key : from.keys()) {
    if (key.name.starts_with("tokenizer.")) to.add_key(key.name, key.type, key.value);
  }
  return static_cast<int64_t>((*tokens)->count);
}

}  // namespace crossval
