// What the token gate looks at: both engines' ids for their text, with the bytes each id stands
// for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crossval {

/// One engine's tokenisation; ids and pieces have the same length.
struct TokenSide {
  std::string engine;  // "native", for sentences
  std::vector<int32_t> ids;
  std::vector<std::string> pieces;  // bytes of each id, special tokens shown as their text
  /// What the other side's vocabulary has under the same ids; empty texts outside it.
  std::vector<std::string> pieces_elsewhere;
  // Of this side's own vocabulary.
  std::string bos_text;  // empty when it has none
  std::string eos_text;
  std::vector<std::string> special_texts;  // control and user-defined tokens
  /// The rule that cuts text into words before anything else, by its name in the file; empty where
  /// the vocabulary has none (SentencePiece, WordPiece, RWKV).
  std::string pre_tokenizer = "default";
  std::string_view text;  // what it tokenised
};

struct TokenGateInput {
  TokenSide candidate;
  TokenSide reference;
};

}  // namespace crossval
