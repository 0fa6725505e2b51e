// Vocabularies in GGUF files, and encoding and decoding with them: the end of the input is the
// text.
#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace {

constexpr size_t kLongestText = 96;

void use(const crossval::Tokenizer& tokenizer, std::string_view text) {
  for (const bool add_special : {false, true}) {
    for (const bool parse_special : {false, true}) {
      const auto ids = tokenizer.encode(text, add_special, parse_special);
      if (!ids) continue;
      for (const int32_t id : *ids) {
        if (id < 0 || id >= tokenizer.size()) __builtin_trap();
        (void)tokenizer.piece(id, parse_special);
      }
    }
  }
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    (void)tokenizer.piece(id, true);
    (void)tokenizer.kind(id);
    (void)tokenizer.is_end_of_generation(id);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = crossval::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!file) return 0;
  const auto tokenizer = crossval::Tokenizer::from_gguf(*file);
  if (!tokenizer) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  use(**tokenizer, input.substr(size - std::min(size, kLongestText)));
  return 0;
}
