// SentencePiece model files: parsed, and when they parse, used on the file's own bytes as text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer/model_tokenizer.h"
#include "tokenizer/sentencepiece/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto model = crossval::parse_sentencepiece(bytes, "fuzz");
  if (!model) return 0;
  const auto tokenizer = crossval::ModelTokenizer::create(std::move(*model));
  for (int32_t id = 0; id < tokenizer->size(); ++id) tokenizer->piece(id, true);
  tokenizer->encode(bytes, true, true);
  tokenizer->encode("Hello  world", false, false);
  return 0;
}
