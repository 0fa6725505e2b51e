#include "tokenizer/vocabulary.h"

#include <fmt/format.h>

namespace crossval {
namespace {

struct KindAttribute {
  TokenKind kind;
  uint16_t attribute;
};

// Of a token that is several, the first.
constexpr KindAttribute kKinds[] = {{TokenKind::control, kTokenControl},
                                    {TokenKind::unknown, kTokenUnknown},
                                    {TokenKind::user_defined, kTokenUserDefined},
                                    {TokenKind::byte, kTokenByte},
                                    {TokenKind::unused, kTokenUnused},
                                    {TokenKind::normal, kTokenNormal}};

}  // namespace

std::string_view family_name(const Vocabulary& vocabulary) {
  switch (vocabulary.family) {
    case VocabularyFamily::bpe:
      return vocabulary.byte_level ? "byte-level BPE" : "BPE";
    case VocabularyFamily::sentencepiece_bpe:
      return "SentencePiece BPE";
    case VocabularyFamily::wordpiece:
      return "WordPiece";
    case VocabularyFamily::unigram:
      return "unigram";
    case VocabularyFamily::rwkv:
      return "RWKV";
    case VocabularyFamily::plamo2:
      return "PLaMo-2";
  }
  return {};
}

std::string byte_token_text(uint8_t byte) { return fmt::format("<0x{:02X}>", byte); }

TokenKind kind_of(const Vocabulary& vocabulary, int32_t id) {
  for (const KindAttribute& entry : kKinds) {
    if (vocabulary.has(id, entry.attribute)) return entry.kind;
  }
  return TokenKind::undefined;
}

std::optional<uint16_t> attribute_of_kind(int64_t kind) {
  for (const KindAttribute& entry : kKinds) {
    if (kind == static_cast<int64_t>(entry.kind)) return entry.attribute;
  }
  return std::nullopt;
}

}  // namespace crossval
