#include "prompt/fixed_forms.h"

namespace crossval {
namespace {

// For base models: "System: S\n\n" once, then "Q: …\nA: …" pairs; an open question ends in "A:".
std::string render_instruct(const Conversation& conversation) {
  std::string text;
  bool first_question = true;
  for (const ChatMessage& message : conversation.messages) {
    if (message.role == "system") {
      text += "System: " + message.content + "\n\n";
    } else if (message.role == "assistant") {
      text += " " + message.content;
    } else {
      text += (first_question ? "Q: " : "\n\nQ: ") + message.content + "\nA:";
      first_question = false;
    }
  }
  return text;
}

std::string render_chatml(const Conversation& conversation) {
  std::string text;
  for (const ChatMessage& message : conversation.messages) {
    text += "<|im_start|>" + message.role + "\n" + message.content + "<|im_end|>\n";
  }
  if (conversation.wants_answer()) text += "<|im_start|>assistant\n";
  return text;
}

// The form of the Llama 3 model card, which trims what it is given.
std::string render_llama3(const Conversation& conversation) {
  const auto header = [](const std::string& role) {
    return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
  };
  std::string text = "<|begin_of_text|>";
  for (const ChatMessage& message : conversation.messages) {
    text += header(message.role) + trimmed(message.content) + "<|eot_id|>";
  }
  if (conversation.wants_answer()) text += header("assistant");
  return text;
}

constexpr FixedForm kForms[] = {
    {"instruct", false, render_instruct},
    {"chatml", true, render_chatml},
    {"llama3-chat", true, render_llama3},
};

}  // namespace

std::span<const FixedForm> fixed_forms() { return kForms; }

const FixedForm* find_fixed_form(std::string_view name) {
  for (const FixedForm& form : kForms) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

}  // namespace crossval
