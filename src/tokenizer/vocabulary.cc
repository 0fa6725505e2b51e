#include "tokenizer/vocabulary.h"

namespace crossval {

std::string_view family_name(const Vocabulary& vocabulary) {
  switch (vocabulary.family) {
    case VocabularyFamily::bpe:
      return vocabulary.byte_level ? "byte-level BPE" : "BPE";
    case VocabularyFamily::spm:
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

TokenKind kind_of(const Vocabulary& vocabulary, int32_t id) {
  struct Entry {
    uint16_t attribute;
    TokenKind kind;
  };
  constexpr Entry kEntries[] = {{kTokenControl, TokenKind::control},
                                {kTokenUnknown, TokenKind::unknown},
                                {kTokenUserDefined, TokenKind::user_defined},
                                {kTokenByte, TokenKind::byte},
                                {kTokenUnused, TokenKind::unused},
                                {kTokenNormal, TokenKind::normal}};
  for (const Entry& entry : kEntries) {
    if (vocabulary.has(id, entry.attribute)) return entry.kind;
  }
  return TokenKind::undefined;
}

}  // namespace crossval
