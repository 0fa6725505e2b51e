#include "http/token_texts.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/utf8.h"

namespace crossval {

Result<TokenTexts> TokenTexts::of(Engine& vocabulary) {
  TokenTexts texts(vocabulary);
  texts.n_vocab_ = vocabulary.info().settings.n_vocab;
  std::vector<TokenId> all(static_cast<size_t>(texts.n_vocab_));
  std::iota(all.begin(), all.end(), 0);
  auto pieces = vocabulary.pieces(all);
  if (!pieces) return tl::unexpected(pieces.error());
  for (const TokenId id : all) {
    const auto [known, is_new] =
        texts.ids_.emplace(std::move((*pieces)[static_cast<size_t>(id)]), id);
    if (!is_new) known->second = -1;
  }
  return texts;
}

Result<std::string> TokenTexts::prompt_text(std::span<const TokenId> ids) const {
  const auto bos = vocabulary_->tokenize("", {});
  if (!bos) return tl::unexpected(bos.error());
  const bool has_bos = !bos->empty() && !ids.empty() && ids.front() == bos->front();
  auto pieces = vocabulary_->pieces(ids.subspan(has_bos ? 1 : 0));
  if (!pieces) return tl::unexpected(pieces.error());
  std::string text;
  for (const std::string& piece : *pieces) text += piece;
  if (!is_valid_utf8(text)) return fail(ExitCode::usage, "ends within a character");
  // SentencePiece puts a blank in front, which is in the first piece then.
  for (const std::string& candidate : {text, text.starts_with(' ') ? text.substr(1) : text}) {
    const auto again = vocabulary_->tokenize(candidate, {});
    if (!again) return tl::unexpected(again.error());
    if (std::ranges::equal(*again, ids)) return candidate;
  }
  return fail(ExitCode::usage, "becomes other tokens");
}

TokenId TokenTexts::id_of(std::string_view text) const {
  const auto found = ids_.find(std::string(text));
  return found == ids_.end() ? -1 : found->second;
}

}  // namespace crossval
