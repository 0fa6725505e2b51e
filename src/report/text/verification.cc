#include "report/text/verification.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {

namespace {

std::string sampling_text(const SamplingOptions& sampling) {
  std::string text = fmt::format("temperature {}", sampling.temperature);
  if (sampling.top_k > 0) text += fmt::format(", top-k {}", sampling.top_k);
  if (sampling.top_p < 1) text += fmt::format(", top-p {}", sampling.top_p);
  if (sampling.min_p > 0) text += fmt::format(", min-p {}", sampling.min_p);
  return sampling.temperature_last ? text + ", the temperature last" : text;
}

}  // namespace

std::string verification_text(const Verification& v, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("engine", name_line(v.engine.identity), Tint::strong);
  text += layout.labelled("model", escaped(v.engine.settings.model_path));
  text += layout.labelled("produced",
                          fmt::format("{} in {} of {}", counted(v.tokens, "token"),
                                      counted(v.outputs, "output"), counted(v.samples, "sample")));
  if (v.drawn()) text += layout.labelled("sampling", sampling_text(v.sampling));
  for (const Warning& warning : v.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  if (!v.worst.empty()) {
    Table table({{"sample", true},
                 {"token", true},
                 {"is", true},
                 {"engine's", true},
                 {"rank", true},
                 {"margin", true},
                 {"outside", true}});
    for (const ProducedToken& token : v.worst) {
      const Tint tint = token.outside <= v.margin_tol ? Tint::warn : Tint::bad;
      table.add({{std::to_string(token.sample)},
                 {std::to_string(token.index)},
                 {std::to_string(token.id)},
                 {std::to_string(token.expected)},
                 {grouped(static_cast<long>(token.rank))},
                 {distance_text(token.margin)},
                 {distance_text(token.outside), tint}});
    }
    text += "\n" + table.text(layout);
  }
  const bool fails = exit_code(v) != ExitCode::ok;
  const std::string word = fails ? "NOT-ITS-TOKENS" : "ITS-TOKENS";
  const std::string sentence = fmt::format(
      "{}: {} of {} are {} ({:.2f} %, 95 % interval {:.2f} to {:.2f} %), {} within {} of it, {} "
      "farther{}.",
      word, grouped(static_cast<long>(v.matches)), counted(v.tokens, "token"),
      v.drawn() ? "among what the sampling leaves" : "the engine's own greedy choice",
      100 * static_cast<double>(v.matches) / static_cast<double>(v.tokens), 100 * v.match_low,
      100 * v.match_high, grouped(static_cast<long>(v.near)), v.margin_tol,
      grouped(static_cast<long>(v.far)), v.unlikely() ? "; together they are no sample of it" : "");
  text += "\n" + layout.tinted(fails ? Tint::bad : Tint::good, word) +
          layout.paragraph(sentence).substr(word.size());
  text += layout.labelled("margins",
                          fmt::format("{} on average, {} at most", distance_text(v.mean_margin),
                                      distance_text(v.largest_margin)));
  if (v.drawn()) {
    text += layout.labelled(
        "drawn", fmt::format("ln p {:.4f} on average where such draws have {:.4f}: {:.2f} standard "
                             "errors off",
                             v.mean_log_p, v.expected_log_p, v.deviation));
  }
  return text;
}

}  // namespace crossval
