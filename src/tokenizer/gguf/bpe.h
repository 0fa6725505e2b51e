// Byte-pair encoding: words cut by a pre-tokenizer, then merged by rank.
#pragma once

#include <array>
#include <string>

#include "base/error.h"
#include "gguf/file.h"
#include "tokenizer/gguf/pretokenizer.h"
#include "tokenizer/segmenter.h"
#include "tokenizer/spelling/merge_table.h"
#include "tokenizer/spelling/merger.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

class BpeSegmenter : public Segmenter {
 public:
  /// `merges`: "left right", best first.
  static Result<std::unique_ptr<BpeSegmenter>> create(std::span<const std::string_view> merges,
                                                      const PreTokenizerEntry& pre_tokenizer,
                                                      const Vocabulary& vocabulary);

  /// Cuts words by another rule from now on.
  void use(PreTokenizer pre_tokenizer) { pre_tokenizer_ = std::move(pre_tokenizer); }

  Result<void> append(std::string_view text, bool after_special,
                      std::vector<int32_t>* ids) const override;

 private:
  using WordMerger = Merger<int32_t>;  // by rank; MergeSymbol::piece is a PieceId

  BpeSegmenter(PreTokenizer pre_tokenizer, const Vocabulary& vocabulary);
  void intern_tokens();
  void intern_merges(std::span<const std::string_view> merges);
  /// The bytes that a token's or merge's text stands for in a word; nullopt: no word is spelled so.
  std::optional<std::string> in_word(std::string_view text) const;
  int32_t token_of(PieceId piece) const {
    return piece < 0 ? kNoToken : tokens_[static_cast<size_t>(piece)];
  }
  void append_word(std::string_view word, WordMerger* merger, std::vector<MergeSymbol>* symbols,
                   std::vector<int32_t>* ids) const;
  void append_bytes(std::string_view text, std::vector<int32_t>* ids) const;

  const Vocabulary& vocabulary_;
  PreTokenizer pre_tokenizer_;
  MergeTable merges_;
  std::vector<int32_t> tokens_;           // by PieceId; kNoToken: only a step of merging
  std::array<PieceId, 256> byte_pieces_;  // the one-byte pieces, where words are bytes
};

/// BPE with the merges of a model file and the pre-tokenizer that it names. Errors
/// (bad_input_file): no merges.
Result<std::unique_ptr<BpeSegmenter>> make_plain_bpe(const GgufFile& file,
                                                     const Vocabulary& vocabulary);

}  // namespace crossval
