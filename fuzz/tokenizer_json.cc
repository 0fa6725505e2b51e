// tokenizer.json files: parsed, and when they parse, used on the file's own bytes as text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer/hugging_face/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tokenizer = crossval::HfTokenizer::parse(bytes, "fuzz");
  if (!tokenizer) return 0;
  for (int32_t id = 0; id < (*tokenizer)->size() && id < 1000; ++id) (*tokenizer)->piece(id, true);
  (*tokenizer)->encode(bytes, true, true);
  (*tokenizer)->encode("Hello  world 123\n", false, false);
  return 0;
}
