#include "local/vocabulary.h"

#include <fmt/format.h>

#include "tokenizer/vocabulary_difference.h"

namespace crossval {
namespace {

constexpr const char* kIdsHint = "Give token ids with --tokens, or a vocabulary with --tokenizer.";

/// True when the file says that the model comes without a vocabulary.
bool has_none(const GgufFile& model) {
  const auto name = model.string_or("tokenizer.ggml.model", "none");
  return name && (*name == "none" || *name == "no_vocab");
}

}  // namespace

Result<LocalVocabulary> LocalVocabulary::create(const GgufFile& model, const std::string& path) {
  LocalVocabulary vocabulary;
  vocabulary.path_ = path;
  // A checkpoint's own, which is not what a GGUF of it would say of it.
  const std::string theirs(model.string_or("checkpoint.tokenizer", "").value_or(""));
  if (path.empty() && theirs.empty() && has_none(model)) {
    vocabulary.absence_ =
        Error{ExitCode::usage, "the model file has no vocabulary", model.path(), kIdsHint};
    return vocabulary;
  }
  auto tokenizer = !path.empty()     ? Tokenizer::from_file(path)
                   : !theirs.empty() ? Tokenizer::from_file(theirs)
                                     : Tokenizer::from_gguf(model);
  if (tokenizer) {
    vocabulary.tokenizer_ = std::move(*tokenizer);
  } else if (path.empty()) {
    vocabulary.absence_ = tokenizer.error();
    if (vocabulary.absence_.hint.empty()) vocabulary.absence_.hint = kIdsHint;
  } else {
    return tl::unexpected(tokenizer.error());
  }
  if (path.empty()) return vocabulary;
  // A model file without a usable vocabulary is what tokenizer files are for.
  if (const auto own = Tokenizer::from_gguf(model); own) {
    vocabulary.difference_ = vocabulary_difference(*vocabulary.tokenizer_, **own);
  }
  return vocabulary;
}

void LocalVocabulary::describe(EngineInfo& info) const {
  info.settings.tokenizer_path = path_;
  info.settings.add_bos = add_bos();
  info.settings.add_eos = add_eos();
  info.capabilities.tokenize = present();
  if (difference_) {
    info.warnings.push_back(
        {"tokenizer-vocabulary",
         "the tokenizer file's vocabulary is not the model file's: " + *difference_});
  }
}

Result<std::vector<TokenId>> LocalVocabulary::tokenize(std::string_view text,
                                                       const TokenizeOptions& options) const {
  if (!present()) return tl::unexpected(absence_);
  return tokenizer_->encode(text, options.add_special, options.parse_special);
}

Result<std::vector<std::string>> LocalVocabulary::pieces(std::span<const TokenId> ids) const {
  if (!present()) return tl::unexpected(absence_);
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const TokenId id : ids) {
    if (id < 0) return fail(ExitCode::usage, fmt::format("there is no token {}", id), "native");
    pieces.push_back(id < tokenizer_->size() ? tokenizer_->piece(id, true) : std::string());
  }
  return pieces;
}

bool LocalVocabulary::is_end_of_generation(TokenId id) const {
  return present() && id >= 0 && id < tokenizer_->size() && tokenizer_->is_end_of_generation(id);
}

}  // namespace crossval
