// Text on the side of the engines in this process: which tokenizer a run uses, and what happens
// without one.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "gguf/file.h"
#include "tokenizer/tokenizer.h"

namespace crossval {

class LocalVocabulary {
 public:
  /// The vocabulary in `path`, or in the model file when `path` is empty. A model file without one,
  /// or with one that is not supported, still works with token ids: only asking for text is
  /// refused. Errors (bad_input_file) for a `path` that is no usable tokenizer file.
  static Result<LocalVocabulary> create(const GgufFile& model, const std::string& path);

  /// Whether text can be tokenised.
  bool present() const { return tokenizer_ != nullptr; }
  int32_t size() const { return present() ? tokenizer_->size() : 0; }
  bool add_bos() const { return present() && tokenizer_->add_bos(); }
  bool add_eos() const { return present() && tokenizer_->add_eos(); }
  TokenId bos() const { return present() ? tokenizer_->bos() : -1; }
  /// Fills in what an engine says of its vocabulary. Where that is a file's and not the model's
  /// own, a warning (tokenizer-vocabulary) says so.
  void describe(EngineInfo& info) const;

  // As in Engine. Errors: there is no tokenizer; pieces of negative ids.
  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) const;
  /// Ids beyond the vocabulary (rows of a padded output matrix) stand for no bytes.
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) const;
  /// Without a vocabulary no token ends generation.
  bool is_end_of_generation(TokenId id) const;

 private:
  LocalVocabulary() = default;

  std::unique_ptr<Tokenizer> tokenizer_;
  std::string path_;                       // of a tokenizer file
  std::optional<std::string> difference_;  // from the model file's vocabulary
  Error absence_;                          // why there is no tokenizer
};

}  // namespace crossval
