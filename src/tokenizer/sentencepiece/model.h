// A SentencePiece model file (tokenizer.model): its pieces and settings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/text/charsmap.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

struct SentencePieceModel {
  Vocabulary vocabulary;  // family sentencepiece_bpe or unigram
  Charsmap charsmap;
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
};

/// Whether these bytes can be such a file at all: they begin with a piece.
bool looks_like_sentencepiece(std::string_view bytes);

/// Errors (bad_input_file): no such message, no pieces, two pieces of one text, ids outside the
/// vocabulary, a kind of model or a setting that is not supported (named). `path` is for messages.
Result<SentencePieceModel> parse_sentencepiece(std::string_view bytes, const std::string& path);

}  // namespace crossval
