// WordPiece vocabularies (`bert`) as llama.cpp runs them: words cleaned and cut as BERT does, each
// spelled by its longest tokens from the left, or unknown as a whole.
#include <fmt/format.h>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/spelling/byte_trie.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/unicode_data.h"

namespace crossval {
namespace {

constexpr std::string_view kWordStart = "\xE2\x96\x81";  // U+2581

// Characters that are words of their own, by block. U+2B820…U+2B91F are missing, as they are in the
// tokenizer that BERT's users know.
bool is_ideograph(uint32_t c) {
  return is_han(c) && !(c >= 0x2B820 && c < 0x2B920) && !(c > 0x2CEAF && c < 0x2F800);
}

class WordPieceSegmenter : public Segmenter {
 public:
  explicit WordPieceSegmenter(const Vocabulary& vocabulary)
      : vocabulary_(vocabulary),
        trie_(std::vector<std::pair<std::string_view, int32_t>>(vocabulary.ids.begin(),
                                                                vocabulary.ids.end())) {}

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    std::string word(kWordStart);
    const auto finish = [&]() -> Result<void> {
      if (word.size() == kWordStart.size()) return {};
      auto done = append_word(word, ids);
      word.resize(kWordStart.size());
      return done;
    };
    for (size_t offset = 0; offset < text.size();) {
      uint32_t c = next_code_point(text, &offset);
      if (c > kLastCodePoint) return no_character(c);
      if (vocabulary_.strip_accents) c = unicode_decomposition_base(c);
      const UnicodeCategory category = unicode_category(c);
      if (is_unicode_whitespace(c)) {
        if (auto done = finish(); !done) return done;
        continue;
      }
      if (c == 0 || c == kReplacementCharacter || category == UnicodeCategory::control) continue;
      if (vocabulary_.strip_accents && category == UnicodeCategory::mark) continue;
      const bool alone = category == UnicodeCategory::punctuation ||
                         (c < 0x7F && category == UnicodeCategory::symbol) || is_ideograph(c);
      if (alone) {
        if (auto done = finish(); !done) return done;
      }
      append_utf8(vocabulary_.lowercase ? unicode_lowercase(c) : c, &word);
      if (alone) {
        if (auto done = finish(); !done) return done;
      }
    }
    return finish();
  }

 private:
  Result<void> append_word(std::string_view word, std::vector<int32_t>* ids) const {
    const size_t before = ids->size();
    while (!word.empty()) {
      const ByteTrie::Match match = trie_.longest(word);
      if (match.value == ByteTrie::kNone) {
        ids->resize(before);
        break;
      }
      ids->push_back(match.value);
      word.remove_prefix(match.size);
    }
    if (ids->size() > before) return {};
    if (vocabulary_.unknown == kNoToken) return no_unknown_token();
    ids->push_back(vocabulary_.unknown);
    return {};
  }

  const Vocabulary& vocabulary_;
  ByteTrie trie_;
};

}  // namespace

std::unique_ptr<Segmenter> make_wordpiece_segmenter(const Vocabulary& vocabulary) {
  return std::make_unique<WordPieceSegmenter>(vocabulary);
}

}  // namespace crossval
