#include "report/text/tokenisation.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/printable.h"
#include "report/text/prompt.h"

namespace crossval {
namespace {

// One line per token, then the count.
std::string token_table(const Tokenisation& tokenisation) {
  std::string text = fmt::format("{:>5}  {:>11}  {:>7}  piece\n", "index", "bytes", "id");
  for (size_t i = 0; i < tokenisation.ids.size(); ++i) {
    const TextRange& range = tokenisation.ranges[i];
    const std::string bytes = range.begin == range.end
                                  ? std::string("-")  // not in the text
                                  : fmt::format("{}-{}", range.begin, range.end);
    text += fmt::format("{:>5}  {:>11}  {:>7}  \"{}\"\n", i, bytes, tokenisation.ids[i],
                        escaped(tokenisation.pieces[i]));
  }
  return text + fmt::format("{} of {}\n", counted(std::ssize(tokenisation.ids), "token"),
                            counted(std::ssize(tokenisation.prompt.text), "byte"));
}

}  // namespace

std::string tokenisation_text(const Tokenisation& tokenisation, const TextOptions& options) {
  if (!options.verbose) return token_table(tokenisation);
  const Layout& layout = options.layout;
  return layout.labelled("engine", tokenisation.engine.identity.name) +
         tokenizer_line(tokenisation.engine.settings, options) +
         prompt_details(tokenisation.prompt, layout) + ids_line("ids", tokenisation.ids, layout) +
         "\n" + token_table(tokenisation);
}

std::string token_comparison_text(const TokenComparison& comparison, const TextOptions& options) {
  const Layout& layout = options.layout;
  const auto side = [&](const char* name, const Tokenisation& tokens) {
    std::string lines =
        layout.labelled(name, fmt::format("{}: {}", name_line(tokens.engine.identity),
                                          counted(static_cast<long>(tokens.ids.size()), "token")));
    lines += tokenizer_line(tokens.engine.settings, options);
    return lines + (options.verbose ? ids_line("", tokens.ids, layout) : "");
  };
  const bool two = comparison.own_texts && options.verbose;
  std::string head = side("candidate", comparison.candidate);
  if (two) head += prompt_details(comparison.candidate.prompt, layout);
  head += side("reference", comparison.reference);
  if (options.verbose) head += prompt_details(comparison.reference.prompt, layout);
  head += "\n";
  if (!comparison.mismatch) {
    return head + token_table(comparison.reference) + "\n" +
           layout.paragraph("SAME-TOKENS: both tokenizers made the same ids.");
  }
  return head + mismatch_text(*comparison.mismatch, layout) + "\n" +
         layout.paragraph("TOKENS-DIFFER: " + what_differs(*comparison.mismatch) + ".");
}

}  // namespace crossval
