// BPE vocabularies that read some of the text in another way first: DNA between tags, and words
// between white space that vanishes.
#include <cctype>
#include <string>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/unicode_data.h"

namespace crossval {
namespace {

constexpr size_t kDnaLetters = 6;  // of each token between <dna> and </dna>

class DnaSegmenter : public Segmenter {
 public:
  DnaSegmenter(std::unique_ptr<Segmenter> bpe, const Vocabulary& vocabulary)
      : bpe_(std::move(bpe)),
        vocabulary_(vocabulary),
        open_(vocabulary.find(kOpen)),
        close_(vocabulary.find(kClose)),
        unknown_(vocabulary.find("<oov>")) {}

  Result<void> append(std::string_view text, bool after_special,
                      std::vector<int32_t>* ids) const override {
    if (open_ == kNoToken || close_ == kNoToken || unknown_ == kNoToken) {
      return bpe_->append(text, after_special, ids);
    }
    while (!text.empty()) {
      const size_t open = text.find(kOpen);
      if (auto done = append_plain(text.substr(0, open), ids); !done) return done;
      if (open == std::string_view::npos) break;
      ids->push_back(open_);
      text.remove_prefix(open + kOpen.size());
      const size_t close = text.find(kClose);
      append_dna(text.substr(0, close), ids);
      if (close == std::string_view::npos) break;
      ids->push_back(close_);
      text.remove_prefix(close + kClose.size());
    }
    return {};
  }

 private:
  static constexpr std::string_view kOpen = "<dna>";
  static constexpr std::string_view kClose = "</dna>";

  Result<void> append_plain(std::string_view text, std::vector<int32_t>* ids) const {
    if (text.empty()) return {};
    return bpe_->append(text, false, ids);
  }

  void append_dna(std::string_view letters, std::vector<int32_t>* ids) const {
    for (size_t at = 0; at < letters.size(); at += kDnaLetters) {
      std::string piece(letters.substr(at, kDnaLetters));
      for (char& c : piece) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      piece.resize(kDnaLetters, 'A');
      const int32_t id = vocabulary_.find(piece + std::string(kDnaMarker));
      ids->push_back(id == kNoToken ? unknown_ : id);
    }
  }

  std::unique_ptr<Segmenter> bpe_;
  const Vocabulary& vocabulary_;
  int32_t open_;
  int32_t close_;
  int32_t unknown_;
};

class WhitespaceSegmenter : public Segmenter {
 public:
  WhitespaceSegmenter(std::unique_ptr<Segmenter> bpe, const Vocabulary& vocabulary)
      : bpe_(std::move(bpe)), vocabulary_(vocabulary) {}

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    std::string word;
    for (size_t offset = 0; offset < text.size();) {
      const uint32_t c = next_code_point(text, &offset);
      if (c > kLastCodePoint) return no_character(c);
      if (!is_unicode_whitespace(c)) {
        append_utf8(vocabulary_.lowercase ? unicode_lowercase(c) : c, &word);
        if (offset < text.size()) continue;
      }
      if (word.empty()) continue;
      if (auto done = bpe_->append(word, false, ids); !done) return done;
      word.clear();
    }
    return {};
  }

 private:
  std::unique_ptr<Segmenter> bpe_;
  const Vocabulary& vocabulary_;
};

}  // namespace

std::unique_ptr<Segmenter> make_dna_segmenter(std::unique_ptr<Segmenter> bpe,
                                              const Vocabulary& vocabulary) {
  return std::make_unique<DnaSegmenter>(std::move(bpe), vocabulary);
}

std::unique_ptr<Segmenter> make_whitespace_segmenter(std::unique_ptr<Segmenter> bpe,
                                                     const Vocabulary& vocabulary) {
  return std::make_unique<WhitespaceSegmenter>(std::move(bpe), vocabulary);
}

}  // namespace crossval
