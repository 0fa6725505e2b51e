// --messages files, the forms that print them, and the arguments of their tool calls in both forms.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "prompt/conversation.h"
#include "prompt/fixed_forms.h"
#include "prompt/special_text.h"
#include "prompt/tool_arguments.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const crossval::PromptModelFacts model;
  crossval::find_unknown_markers(text, model, "");
  const auto chat = crossval::parse_conversation(text, "fuzz", std::nullopt);
  if (!chat) return 0;
  for (const char* name : {"instruct", "chatml", "llama3-chat"}) {
    crossval::find_fixed_form(name)->render(*chat);
  }
  const std::string mapped = crossval::with_mapped_arguments(chat->messages_json);
  crossval::escaped_arguments(mapped, crossval::with_text_arguments(mapped));
  return 0;
}
