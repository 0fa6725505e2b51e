// One vocabulary family's way of turning plain text into tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

class Segmenter {
 public:
  virtual ~Segmenter() = default;

  /// Appends the tokens of `text`, which holds no special token that is to be parsed.
  /// `after_special`: a special token or nothing stands before it.
  virtual Result<void> append(std::string_view text, bool after_special,
                              std::vector<int32_t>* ids) const = 0;
};

// Each reads from the file what only its family needs; `vocabulary` must outlive the segmenter.
Result<std::unique_ptr<Segmenter>> make_bpe_segmenter(const GgufFile& file,
                                                      const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_spm_segmenter(const Vocabulary& vocabulary);
Result<std::unique_ptr<Segmenter>> make_ugm_segmenter(const GgufFile& file,
                                                      const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_wordpiece_segmenter(const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_rwkv_segmenter(const Vocabulary& vocabulary);
Result<std::unique_ptr<Segmenter>> make_plamo2_segmenter(const Vocabulary& vocabulary);
/// `vocabulary` as parse_sentencepiece() gives it.
std::unique_ptr<Segmenter> make_sentencepiece_segmenter(const Vocabulary& vocabulary,
                                                        Charsmap charsmap, bool byte_fallback);
// Around a BPE segmenter.
std::unique_ptr<Segmenter> make_dna_segmenter(std::unique_ptr<Segmenter> bpe,
                                              const Vocabulary& vocabulary);
std::unique_ptr<Segmenter> make_whitespace_segmenter(std::unique_ptr<Segmenter> bpe,
                                                     const Vocabulary& vocabulary);

/// Positions in a text, and three times them where spaces are escaped, fit 32 bits.
constexpr size_t kLongestText = size_t{256} << 20;

/// Errors (usage) that several families share.
tl::unexpected<Error> too_long(size_t bytes);
tl::unexpected<Error> no_unknown_token();
tl::unexpected<Error> no_character(uint32_t code_point);  // above U+10FFFF

}  // namespace crossval
