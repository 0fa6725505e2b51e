#include "report/text/prompt.h"

#include <fmt/format.h>

#include "report/text/printable.h"

namespace crossval {

std::string prompt_details(const PromptRecord& prompt, const Layout& layout) {
  std::string text;
  if (!prompt.text.empty()) {
    text += layout.labelled("rendered", "\"" + escaped(prompt.text) + "\"", Tint::dim);
  }
  const auto decision = [&](const char* name, const std::string& choice, const std::string& why) {
    if (choice.empty()) return;
    text += layout.labelled("", fmt::format("{}: {} ({})", name, choice, escaped(why)), Tint::dim);
  };
  decision("form", prompt.form, prompt.form_why);
  decision("BOS", prompt.bos, prompt.bos_why);
  decision("special tokens", prompt.special, prompt.special_why);
  return text;
}

std::string ids_line(std::string_view label, const std::vector<TokenId>& ids,
                     const Layout& layout) {
  return layout.labelled(label, ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", ")),
                         Tint::dim);
}

}  // namespace crossval
