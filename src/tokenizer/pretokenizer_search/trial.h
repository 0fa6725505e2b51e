// One text in one vocabulary, under any of the known rules that cut text into words.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gguf/file.h"
#include "tokenizer/gguf/bpe.h"
#include "tokenizer/gguf/pretokenizer_table.h"
#include "tokenizer/special_splitter.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

/// What of an entry changes ids: many names share a rule.
using PreTokenizerRule = std::tuple<std::vector<std::string_view>, bool, bool, bool>;
PreTokenizerRule rule_of(const PreTokenizerEntry& entry);

class PreTokenizerTrial {
 public:
  /// `text` must outlive the trial. Null where the file's vocabulary cannot be read, or is no plain
  /// BPE.
  static std::unique_ptr<PreTokenizerTrial> create(const GgufFile& file, std::string_view text,
                                                   bool parse_special);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  /// Whether words are spelled as under the file's own rule, so that its merges mean the same.
  bool fits(const PreTokenizerEntry& entry) const {
    return entry.byte_level == vocabulary_.byte_level;
  }
  /// The ids under `entry`, which fits, without what goes around a text; none when it cannot make
  /// them.
  std::vector<int32_t> ids(const PreTokenizerEntry& entry);

 private:
  explicit PreTokenizerTrial(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  Vocabulary vocabulary_;  // the segmenter looks into it
  std::unique_ptr<BpeSegmenter> segmenter_;
  std::vector<TextFragment> fragments_;
};

}  // namespace crossval
