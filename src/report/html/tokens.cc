#include "report/html/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/count_text.h"
#include "report/html/escape.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {

// Per cent of the mark's colour behind a token: with more of it text is hard to read in the dark
// (WCAG 2: a contrast of 4.5).
constexpr double kMostTint = 40;

std::string html_tokens(std::span<const ShownToken> tokens, std::optional<int32_t> first,
                        std::string_view name, int64_t count) {
  std::string spans;
  for (const ShownToken& token : tokens) {
    const double share = token.distance > 0
                             ? std::clamp(1 + std::log10(token.distance) / 6, 0.05, 1.0)
                         : std::isnan(token.distance) ? 1.0
                                                      : 0.0;
    const char* kind = token.position == first ? "first" : token.passed ? "passes" : "fails";
    spans += fmt::format(
        "<span class=\"{}\" style=\"background:color-mix(in srgb, var(--mark) {:.0f}%, "
        "transparent)\" title=\"position {}, token {}, {} {}\">{}</span>",
        kind, share * kMostTint, token.position, token.id, name, distance_text(token.distance),
        html_escaped(escaped(token.piece)));
  }
  if (spans.empty()) return {};
  const std::string cut =
      std::ssize(tokens) < count
          ? fmt::format("<p class=\"dim\">Positions {} to {} of {}.</p>\n", tokens.front().position,
                        tokens.back().position, grouped(count))
          : std::string();
  return "<p class=\"tokens\">" + spans + "</p>\n" + cut;
}

}  // namespace crossval
