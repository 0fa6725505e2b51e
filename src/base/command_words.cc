#include "base/command_words.h"

#include <utility>

namespace crossval {
namespace {

tl::unexpected<Error> bad(const char* why) { return fail(ExitCode::usage, why); }

// What is between quotes, `text` beginning behind the first; false when the second is missing.
bool take_quoted(char quote, std::string_view& text, std::string& word) {
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == quote) return true;
    const bool escapes =
        quote == '"' && c == '\\' && !text.empty() && (text.front() == '"' || text.front() == '\\');
    if (escapes) {
      c = text.front();
      text.remove_prefix(1);
    }
    word += c;
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> take_command(std::string_view& text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  const auto end_word = [&] {
    if (in_word) words.push_back(std::exchange(word, {}));
    in_word = false;
  };
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == ',') break;
    if (c == ' ' || c == '\t' || c == '\n') {
      end_word();
      continue;
    }
    in_word = true;
    if (c == '\'' || c == '"') {
      if (!take_quoted(c, text, word)) return bad("a quote is not closed");
    } else if (c == '\\') {
      if (text.empty()) return bad("nothing follows the backslash at its end");
      word += text.front();
      text.remove_prefix(1);
    } else {
      word += c;
    }
  }
  end_word();
  if (words.empty()) return bad("the command is missing");
  return words;
}

}  // namespace crossval
