// The tokenizer that a model file carries, or a SentencePiece file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokenizer/segmenter.h"
#include "tokenizer/sentencepiece/model.h"
#include "tokenizer/special_splitter.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

class ModelTokenizer : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> create(const GgufFile& file);
  static std::unique_ptr<Tokenizer> create(SentencePieceModel model);

  Result<std::vector<int32_t>> encode(std::string_view text, bool add_special,
                                      bool parse_special) const override;
  std::string piece(int32_t id, bool special) const override;
  int32_t size() const override { return vocabulary_.size(); }
  TokenKind kind(int32_t id) const override { return kind_of(vocabulary_, id); }
  int32_t bos() const override { return vocabulary_.bos; }
  int32_t eos() const override { return vocabulary_.eos; }
  bool add_bos() const override { return vocabulary_.add_bos; }
  bool add_eos() const override { return vocabulary_.add_eos; }
  bool is_end_of_generation(int32_t id) const override {
    return vocabulary_.end_of_generation.contains(id);
  }
  std::string_view algorithm() const override { return algorithm_; }
  std::string_view pre_tokenizer() const override { return vocabulary_.pre_tokenizer; }

 private:
  /// `whole`: attributes of the tokens that are recognised before the text is segmented.
  ModelTokenizer(Vocabulary vocabulary, uint16_t whole);
  /// Tokens that go before and after the text when special ones are added; kNoToken: none.
  Result<std::pair<int32_t, int32_t>> frame() const;

  Vocabulary vocabulary_;
  SpecialSplitter splitter_;
  std::unique_ptr<Segmenter> segmenter_;
  std::string algorithm_;
};

}  // namespace crossval
