#include "report/suite/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/count_text.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr int kLongestName = 120;  // columns; a command has the whole id

// Foreign text: as code, in which no markup, link or mention is seen. Where a backtick, a pipe or a
// backslash would end it or the table's cell, each ASCII sign is an entity.
std::string markdown_code(std::string_view text) {
  const std::string shown = fitted(printable(text), kLongestName);
  if (shown.empty()) return {};
  const bool edges = shown.front() == ' ' || shown.back() == ' ';
  if (shown.find_first_of("`|\\") == std::string::npos && !edges) return "`" + shown + "`";
  std::string code = "<code>";
  for (const char c : shown) {
    const bool sign = (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') ||
                      (c > 'z' && c < 0x7f);
    code += sign ? fmt::format("&#{};", static_cast<int>(c)) : std::string(1, c);
  }
  return code + "</code>";
}

// A block of lines as they are: its fence is longer than any run of backticks in it.
std::string markdown_block(std::string_view language, std::string_view text) {
  size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}\n{}\n", fence, language, text, fence);
}

std::string markdown_pairs(const SuiteResult& suite) {
  std::string text =
      "| pair | candidate | reference | prompts | passed | failed | errors | not run | worst | "
      "perplexity, candidate | perplexity, reference | mean KL | same top | ties + decisive |\n"
      "|---|---|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|\n";
  for (const SuitePairResult& pair : suite.pairs) {
    const SuiteCounts counts = counts_of(suite, pair);
    const SuiteStatistics& s = pair.statistics;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        markdown_code(pair.name), markdown_code(pair.candidate),
                        markdown_code(pair.reference), grouped(counts.all()),
                        grouped(counts.passed), grouped(counts.failed), grouped(counts.errors),
                        grouped(counts.not_run), pair_word(pair), shown_perplexity(s.candidate_nll),
                        shown_perplexity(s.reference_nll), shown_estimate(s.kl),
                        shown_share(s.same_top), shown_flips(s.flips));
  }
  return text;
}

std::string markdown_limits(const SuiteResult& suite) {
  std::string rows;
  for (const SuitePairResult& pair : suite.pairs) {
    for (const JudgedLimit& limit : pair.limits) {
      rows += fmt::format("| {} | {} | {} |\n", markdown_code(pair.name),
                          markdown_code(limit_sentence(limit)), limit_word(limit.state));
    }
  }
  return rows.empty() ? rows : "\n### Limits\n\n| pair | limit | is |\n|---|---|---|\n" + rows;
}

std::string markdown_two_by_two(const TwoByTwo& square) {
  std::string text =
      fmt::format("\n### {}\n\n{}\n\n", markdown_code(square.name), two_by_two_sentence(square));
  if (square.positions == 0) return text;
  text += "| effect | mean | 95 % of it | of a position, RMS |\n|---|--:|--:|--:|\n";
  for (const auto& [name, effect] : effects_of(square)) {
    text +=
        fmt::format("| {} | {} | {} | {} |\n", markdown_code(name), shown_estimate(effect->mean),
                    shown_interval(*effect), distance_text(effect->rms));
  }
  return text + "\n" + markdown_code(two_by_two_scope(square)) + "\n";
}

std::string markdown_worst(const SuiteResult& suite) {
  std::vector<SuiteRun> failing = runs_worst_first(suite);
  std::erase_if(failing, [](const SuiteRun& run) { return passed(*run.prompt); });
  if (failing.empty()) return {};
  std::string text = "\n### The worst prompts\n";
  const size_t shown = std::min<size_t>(failing.size(), kMostWorstPrompts);
  for (size_t i = 0; i < shown; ++i) {
    const SuitePromptResult& prompt = *failing[i].prompt;
    text += fmt::format("\n{} under {}: **{}**", markdown_code(prompt_id(suite, prompt.prompt)),
                        markdown_code(failing[i].pair->name), prompt_word(prompt));
    if (prompt.first_divergence) text += fmt::format(", first at {}", *prompt.first_divergence);
    text += "\n\n";
    const std::string sentence = result_sentence(prompt);
    if (!sentence.empty()) text += markdown_block("text", sentence) + "\n";
    text += markdown_block("sh", reproduce_command(suite, *failing[i].pair, prompt.prompt));
    const auto pair = static_cast<size_t>(failing[i].pair - suite.pairs.data());
    if (const SuiteExplanation* explanation = explanation_of(suite, pair, prompt.prompt)) {
      text += "\n" + markdown_block("text", explained_sentence(*explanation)) + "\n" +
              markdown_block("sh", explain_command(suite, *explanation));
    }
  }
  if (shown < failing.size()) {
    text += fmt::format("\nAnd {} more.\n", grouped(static_cast<int64_t>(failing.size() - shown)));
  }
  return text;
}

}  // namespace

std::string markdown_report(const SuiteResult& suite) {
  std::string text = fmt::format("## {}: {}\n\n{}\n", suite_headline(suite),
                                 markdown_code(suite.name), suite_sentence(suite));
  if (!suite.pairs.empty()) text += "\n" + markdown_pairs(suite);
  text += markdown_limits(suite);
  for (const TwoByTwo& square : suite.two_by_two) text += markdown_two_by_two(square);
  return text + markdown_worst(suite);
}

}  // namespace crossval
