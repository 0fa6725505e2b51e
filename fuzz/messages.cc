// --messages files, and the forms that print them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "prompt/conversation.h"
#include "prompt/fixed_forms.h"
#include "prompt/special_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const crossval::PromptModelFacts model;
  crossval::find_unknown_markers(text, model, "");
  const auto chat = crossval::parse_conversation(text, "fuzz", std::nullopt);
  if (!chat) return 0;
  for (const char* name : {"instruct", "chatml", "llama3-chat"}) {
    crossval::find_fixed_form(name)->render(*chat);
  }
  return 0;
}
