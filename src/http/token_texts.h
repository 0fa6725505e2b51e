// Between token ids and texts, for servers that take or give texts alone: by the vocabulary of the
// model file that the server is said to run.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace crossval {

class TokenTexts {
 public:
  /// `vocabulary` is kept by reference. Errors: the vocabulary's.
  static Result<TokenTexts> of(Engine& vocabulary);

  /// A text that becomes these ids again, by the vocabulary's own rules (its BOS is left to the
  /// server, which adds it). Errors (usage), as words for "the text of …": it is no UTF-8, which
  /// JSON cannot hold; it becomes other ids.
  Result<std::string> prompt_text(std::span<const TokenId> ids) const;

  /// The token of this text; −1: there is none, or more than one, so that the text does not say
  /// which it is (bytes that are no whole character all look alike).
  TokenId id_of(std::string_view text) const;

  int32_t n_vocab() const { return n_vocab_; }

 private:
  explicit TokenTexts(Engine& vocabulary) : vocabulary_(&vocabulary) {}

  Engine* vocabulary_;
  int32_t n_vocab_ = 0;
  std::unordered_map<std::string, TokenId> ids_;  // −1: of several
};

}  // namespace crossval
