// Cuts text at the tokens that are recognised whole, before any algorithm sees it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace crossval {

/// A token, or (id kNoToken) a piece of the text between tokens, never empty.
struct TextFragment {
  int32_t id = kNoToken;
  std::string_view text;
};

class SpecialSplitter {
 public:
  /// Recognises the tokens with one of these attributes. `vocabulary` must outlive the splitter.
  SpecialSplitter(const Vocabulary& vocabulary, uint16_t attributes);

  /// The longest special token wins wherever it stands, then the next longest in what is left.
  /// Control and unknown tokens count only when `parse_special`; user-defined ones always do.
  std::vector<TextFragment> split(std::string_view text, bool parse_special) const;

 private:
  struct Node {
    int32_t rank = -1;         // index into order_ of the token that ends here
    int32_t first_child = -1;  // children are a linked list: specials are few and short
    int32_t next_sibling = -1;
    char byte = 0;
  };

  void insert(std::string_view text, int32_t rank);
  int32_t child(int32_t node, char byte) const;
  std::vector<int32_t> present(std::string_view text, bool parse_special) const;

  const Vocabulary& vocabulary_;
  std::vector<int32_t> order_;  // special tokens, longest first
  std::vector<Node> trie_;
  std::array<int32_t, 256> roots_{};  // node of each first byte, or -1
};

}  // namespace crossval
