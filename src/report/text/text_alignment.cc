#include "report/text/text_alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr size_t kWorstShown = 10;
constexpr int kMostText = 30;

double difference(const TextSegment& segment) {
  return std::fabs(segment.candidate - segment.reference);
}

// Those of the largest difference first; all with --all, in the text's order.
std::vector<TextSegment> shown(const TextAlignment& result, bool all) {
  std::vector<TextSegment> list = result.segments;
  if (all) return list;
  std::erase_if(list, [](const TextSegment& s) { return std::isnan(difference(s)); });
  const size_t count = std::min(kWorstShown, list.size());
  std::ranges::partial_sort(list, list.begin() + static_cast<std::ptrdiff_t>(count),
                            std::ranges::greater(), difference);
  list.resize(count);
  return list;
}

std::string log_text(double value) {
  return std::isnan(value) ? "not told" : fmt::format("{:.4f}", value);
}

std::string bits_text(double sum, size_t bytes) {
  return fmt::format("{:.4f} bits a byte", -sum / std::numbers::ln2 / static_cast<double>(bytes));
}

}  // namespace

std::string text_alignment_text(const TextAlignment& result, const TextOptions& options) {
  const Layout& layout = options.layout;
  const auto side = [&](const char* label, const EngineInfo& engine, int32_t tokens, double sum) {
    std::string words = name_line(engine.identity) + ": " + counted(tokens, "token");
    if (result.compared > 0) words += ", " + bits_text(sum, result.bytes);
    return layout.labelled(label, words, Tint::strong);
  };
  std::string text =
      side("candidate", result.candidate, result.candidate_tokens, result.candidate_sum) +
      side("reference", result.reference, result.reference_tokens, result.reference_sum);
  for (const Warning& warning : result.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  Table table({{"bytes", true},
               {"tokens", true},
               {"candidate", true},
               {"reference", true},
               {"|Δ ln p|", true},
               {"text", false, kMostText}});
  for (const TextSegment& segment : shown(result, options.all)) {
    const double apart = difference(segment);
    table.add({{fmt::format("{}-{}", segment.bytes.begin, segment.bytes.end)},
               {fmt::format("{}/{}", segment.candidate_tokens, segment.reference_tokens)},
               {log_text(segment.candidate)},
               {log_text(segment.reference)},
               {std::isnan(apart) ? "–" : distance_text(apart),
                apart > result.logprob_tol ? Tint::bad : Tint::none},
               {"\"" +
                escaped(result.prompt.text.substr(segment.bytes.begin,
                                                  segment.bytes.end - segment.bytes.begin)) +
                "\""}});
  }
  text += "\n" + table.text(layout);
  const std::string word = diverged(result) ? "DIVERGED" : "MATCH";
  const std::string sentence =
      result.compared == 0
          ? word + ": neither side tells the probability of a piece that the other tells."
          : fmt::format(
                "{}: the probability of the text, in {} that end{} a token of both sides: "
                "|Δ ln p| is {} at most, {} asked for. Tokens and logits were not compared.",
                word, counted(result.compared, "piece"), result.compared == 1 ? "s" : "",
                distance_text(result.max_abs_diff), result.logprob_tol);
  return text + "\n" + layout.tinted(diverged(result) ? Tint::bad : Tint::good, word) +
         layout.paragraph(sentence).substr(word.size());
}

}  // namespace crossval
