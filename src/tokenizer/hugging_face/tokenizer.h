// A Hugging Face tokenizer.json: added tokens, normalizer, pre-tokenizer, model, post-processor,
// decoder, one after the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/hugging_face/added_tokens.h"
#include "tokenizer/hugging_face/decoder.h"
#include "tokenizer/hugging_face/frame.h"
#include "tokenizer/hugging_face/model.h"
#include "tokenizer/hugging_face/normalizer.h"
#include "tokenizer/hugging_face/pretokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

class HfTokenizer : public Tokenizer {
 public:
  /// `bytes`: the file's. Errors (bad_input_file): no JSON, a part missing or inconsistent, a part
  /// that is not supported (named).
  static Result<std::unique_ptr<Tokenizer>> parse(std::string_view bytes, const std::string& path);

  /// Bytes that are no UTF-8 are read as U+FFFD.
  Result<std::vector<int32_t>> encode(std::string_view text, bool add_special,
                                      bool parse_special) const override;
  std::string piece(int32_t id, bool special) const override;
  int32_t size() const override { return vocabulary_.size(); }
  TokenKind kind(int32_t id) const override { return kind_of(vocabulary_, id); }
  int32_t bos() const override { return vocabulary_.bos; }
  int32_t eos() const override { return vocabulary_.eos; }
  bool add_bos() const override { return !frame_.before.empty(); }
  bool add_eos() const override { return !frame_.after.empty(); }
  bool is_end_of_generation(int32_t id) const override {
    return vocabulary_.end_of_generation.contains(id);
  }
  std::string_view algorithm() const override { return algorithm_; }
  std::string_view pre_tokenizer() const override { return cuts_words_ ? "tokenizer.json" : ""; }

 private:
  HfTokenizer() = default;
  Result<void> read(const nlohmann::json& file, const HfPlace& place);
  Result<void> add_tokens(std::vector<HfAddedToken> tokens, const HfPlace& place);
  Result<void> append_plain(std::string_view text, bool at_start, bool parse_special,
                            std::vector<int32_t>* ids) const;

  Vocabulary vocabulary_;
  HfNormalizer normalizer_;
  HfPreTokenizer pre_tokenizer_;
  bool cuts_words_ = false;  // the file has a pre-tokenizer
  std::unique_ptr<HfModel> model_;
  std::unique_ptr<HfAddedTokenFinder> raw_;         // in the text as it is
  std::unique_ptr<HfAddedTokenFinder> normalised_;  // in normalised text
  HfFrame frame_;
  HfDecoder decoder_;
  std::string algorithm_;
};

}  // namespace crossval
