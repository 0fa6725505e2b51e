// The tokens that a tokenizer.json recognises whole before anything else, and what goes around a
// text.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/hugging_face/json.h"
#include "tokenizer/spelling/byte_trie.h"

namespace crossval {

struct HfAddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;
  bool single_word = false;
  bool strip_left = false;
  bool strip_right = false;
  bool normalized = false;  // looked for in normalised text
};

/// The member "added_tokens" of `json`. Errors (bad_input_file): members of wrong types, ids out of
/// range.
Result<std::vector<HfAddedToken>> parse_hf_added_tokens(const nlohmann::json& json,
                                                        const HfPlace& place);

/// Finds some of the added tokens: leftmost first, of those the longest.
class HfAddedTokenFinder {
 public:
  /// `texts[i]` is what to look for when looking for tokens[i]; empty: not looked for.
  HfAddedTokenFinder(std::vector<HfAddedToken> tokens, std::vector<std::string> texts);

  struct Part {
    const HfAddedToken* token;  // null: plain text
    std::string_view text;
  };
  /// Special tokens count only when `parse_special`.
  std::vector<Part> split(std::string_view text, bool parse_special) const;

 private:
  std::vector<HfAddedToken> tokens_;
  std::vector<std::string> texts_;
  ByteTrie trie_;  // value: index into tokens_
};

}  // namespace crossval
