#include "report/text/verification.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {

std::string verification_text(const Verification& v, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("engine", name_line(v.engine.identity), Tint::strong);
  text += layout.labelled("model", escaped(v.engine.settings.model_path));
  text += layout.labelled("produced",
                          fmt::format("{} in {} of {}", counted(v.tokens, "token"),
                                      counted(v.outputs, "output"), counted(v.samples, "sample")));
  for (const Warning& warning : v.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  if (!v.worst.empty()) {
    Table table({{"sample", true},
                 {"token", true},
                 {"is", true},
                 {"engine's", true},
                 {"rank", true},
                 {"margin", true}});
    for (const ProducedToken& token : v.worst) {
      const Tint tint = token.margin <= v.margin_tol ? Tint::warn : Tint::bad;
      table.add({{std::to_string(token.sample)},
                 {std::to_string(token.index)},
                 {std::to_string(token.id)},
                 {std::to_string(token.expected)},
                 {grouped(static_cast<long>(token.rank))},
                 {distance_text(token.margin), tint}});
    }
    text += "\n" + table.text(layout);
  }
  const std::string word = v.far > 0 ? "NOT-ITS-TOKENS" : "ITS-TOKENS";
  const std::string sentence = fmt::format(
      "{}: {} of {} are the engine's own greedy choice ({:.2f} %, 95 % interval {:.2f} to {:.2f} "
      "%), {} within {} of it, {} farther.",
      word, grouped(static_cast<long>(v.matches)), counted(v.tokens, "token"),
      100 * static_cast<double>(v.matches) / static_cast<double>(v.tokens), 100 * v.match_low,
      100 * v.match_high, grouped(static_cast<long>(v.near)), v.margin_tol,
      grouped(static_cast<long>(v.far)));
  text += "\n" + layout.tinted(v.far > 0 ? Tint::bad : Tint::good, word) +
          layout.paragraph(sentence).substr(word.size());
  text += layout.labelled("margins",
                          fmt::format("{} on average, {} at most", distance_text(v.mean_margin),
                                      distance_text(v.largest_margin)));
  return text;
}

}  // namespace crossval
