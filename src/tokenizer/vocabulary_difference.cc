#include "tokenizer/vocabulary_difference.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {
namespace {

bool is_filler(TokenKind kind) { return kind == TokenKind::unused || kind == TokenKind::undefined; }

// Without fillers at the end.
int32_t used_size(const Tokenizer& tokenizer) {
  int32_t size = tokenizer.size();
  while (size > 0 && is_filler(tokenizer.kind(size - 1))) --size;
  return size;
}

bool same_token(const Tokenizer& own, const Tokenizer& other, int32_t id) {
  const TokenKind kind = own.kind(id), other_kind = other.kind(id);
  if (is_filler(kind) || is_filler(other_kind)) return true;
  if (kind == TokenKind::unknown && other_kind == TokenKind::unknown) return true;
  return own.piece(id, true) == other.piece(id, true);
}

}  // namespace

std::optional<std::string> vocabulary_difference(const Tokenizer& own, const Tokenizer& other) {
  const int32_t size = used_size(own), other_size = used_size(other);
  const int32_t both = std::min(size, other_size);
  int32_t id = 0;
  while (id < both && same_token(own, other, id)) ++id;
  if (id == both && size == other_size) return std::nullopt;
  std::string words = fmt::format("{} tokens beside {}", size, other_size);
  if (id == both) return words + "; those that both have are the same";
  return words +
         fmt::format("; id {} is [{}] beside [{}]", id, own.piece(id, true), other.piece(id, true));
}

}  // namespace crossval
