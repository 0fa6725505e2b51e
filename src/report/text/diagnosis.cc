#include "report/text/diagnosis.h"

#include <algorithm>
#include <string_view>

#include "report/words.h"

namespace crossval {
namespace {

Tint state_tint(CheckState state) {
  if (state == CheckState::problem) return Tint::bad;
  return state == CheckState::warning ? Tint::warn : Tint::none;
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis, const Layout& layout) {
  std::string text;
  for (const Check& check : diagnosis.checks) {
    text += layout.labelled(state_word(check.state), check.name + ": " + check.detail,
                            state_tint(check.state));
    std::string_view rest = check.repair;  // an engine's last words are lines
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      text += layout.labelled("", line);
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  }
  return text;
}

}  // namespace crossval
