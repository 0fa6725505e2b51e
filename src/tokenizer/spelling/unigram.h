// Unigram language model: of all ways to spell a text with tokens, the one with the highest sum of
// scores (SentencePiece's algorithm, Viterbi over bytes).
#pragma once

#include <string_view>
#include <vector>

#include "tokenizer/spelling/byte_trie.h"

namespace crossval {

/// What differs between the engines that run this algorithm.
struct UnigramRules {
  /// A token's score: what the model says, or a bonus by its length for tokens of the user.
  struct Scored {
    std::string_view text;
    int32_t id;
    double score;
  };
  std::vector<Scored> tokens;
  double unknown_score = 0;
  bool sums_in_float = false;  // SentencePiece; else double
};

class Unigram {
 public:
  explicit Unigram(UnigramRules rules);

  /// A token, or (id -1) a character that no token spells.
  struct Piece {
    int32_t id;
    size_t begin;
    size_t size;  // bytes
  };
  std::vector<Piece> cut(std::string_view text) const;

 private:
  template <class Sum>
  std::vector<Piece> best(std::string_view text) const;

  UnigramRules rules_;
  ByteTrie trie_;  // value: index into rules_.tokens
};

}  // namespace crossval
