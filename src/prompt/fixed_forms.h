// The prompt forms that need no Jinja: instruct, chatml, llama3-chat.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "prompt/conversation.h"

namespace crossval {

struct FixedForm {
  std::string_view name;
  bool parse_special;  // its markers are special tokens
  std::string (*render)(const Conversation&);
};

/// All of them.
std::span<const FixedForm> fixed_forms();

/// Null when no fixed form has this name.
const FixedForm* find_fixed_form(std::string_view name);

}  // namespace crossval
