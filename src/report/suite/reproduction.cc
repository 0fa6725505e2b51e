#include "report/suite/reproduction.h"

#include <fmt/format.h>

#include <string_view>

#include "base/shell_quote.h"
#include "report/suite/summary.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

// What a terminal would not show as it is, by its bytes.
std::string ansi_c_quoted(std::string_view text) {
  std::string word = "$'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      word += fmt::format("\\{}", c);
    } else if (byte < 0x20 || byte > 0x7e) {
      word += fmt::format("\\{:03o}", byte);
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string printable_word(std::string_view text) {
  return printable(text) == text ? shell_word(text) : ansi_c_quoted(text);
}

}  // namespace

std::string reproduce_command(const SuiteResult& suite, const SuitePairResult& pair,
                              int32_t prompt) {
  const std::string id = prompt_id(suite, prompt);
  const bool like_an_option = suite.folder.starts_with('-') || id.starts_with('-');
  const std::string print =
      fmt::format("crossval suite prompt {}{} {}", like_an_option ? "-- " : "",
                  printable_word(suite.folder), printable_word(id));
  const PromptKind kind = prompt_kind(suite, prompt);
  std::string command = kind == PromptKind::tokens
                            ? fmt::format("crossval per-token --tokens \"$({})\"", print)
                            : print + " | crossval per-token";
  const auto add = [&](std::string_view option, std::string_view value) {
    if (!value.empty()) command += fmt::format(" {} {}", option, printable_word(value));
  };
  const SuitePairResult as_default;
  add("--candidate", pair.candidate);
  add("--reference", pair.reference);
  add("-m", pair.model);
  add("--tokenizer", pair.tokenizer);
  add("--require", pair.require);
  add("--floor", pair.floor);
  if (pair.cos_tol != as_default.cos_tol) add("--cos-tol", fmt::format("{}", pair.cos_tol));
  if (pair.logprob_tol != as_default.logprob_tol)
    add("--logprob-tol", fmt::format("{}", pair.logprob_tol));
  if (pair.max_tokens != as_default.max_tokens)
    add("--max-tokens", fmt::format("{}", pair.max_tokens));
  if (kind == PromptKind::tokens) return command;
  return command + (kind == PromptKind::messages ? " --messages -" : " -f -");
}

std::string explain_command(const SuiteResult& suite, const SuiteExplanation& run) {
  return reproduce_command(suite, suite.pairs[run.pair], run.prompt) + " --explain";
}

}  // namespace crossval
