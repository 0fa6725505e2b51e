#include "report/text/tensor_matching.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kMostShown = 40;  // lines of one list; JSON has all

// What a line is to say of a match; empty: nothing that its name does not say.
Cell remark(const TensorMatch& match) {
  if (match.by == MatchedBy::reordered) return {"the same values in another order", Tint::bad};
  if (match.distance > kNearEnough) return {"the same name, other values", Tint::bad};
  return {match.by == MatchedBy::name ? std::string() : std::string("by ") + matched_word(match.by),
          Tint::none};
}

std::string match_table(const TensorMatching& result, const Layout& layout) {
  Table table(
      {{"candidate", false}, {"reference", false}, {"width", true}, {"distance", true}, {}});
  size_t shown = 0, left = 0;
  for (const TensorMatch& match : result.matches) {
    Cell cell = remark(match);
    if (cell.text.empty()) continue;
    if (++shown > kMostShown) {
      ++left;
      continue;
    }
    table.add({{escaped(match.candidate)},
               {escaped(match.reference)},
               {grouped(static_cast<long>(match.width))},
               {distance_text(match.distance)},
               std::move(cell)});
  }
  if (shown == 0) return {};
  if (left > 0) table.add_line(fmt::format("… and {} more, all of them in JSON", left), Tint::dim);
  return "\n" + table.text(layout);
}

std::string lone_list(std::string_view label, const std::vector<LoneTensor>& tensors,
                      const Layout& layout) {
  if (tensors.empty()) return {};
  std::string list;
  for (size_t i = 0; i < std::min(tensors.size(), kMostShown); ++i)
    list +=
        fmt::format("{}{} ({})", i == 0 ? "" : ", ", escaped(tensors[i].label), tensors[i].width);
  if (tensors.size() > kMostShown)
    list += fmt::format(" … and {} more", tensors.size() - kMostShown);
  return layout.labelled(
      "left over",
      fmt::format("{} of {}: {}", counted(std::ssize(tensors), "tensor"), label, list));
}

std::string counts(const TensorMatching& result) {
  std::string text;
  for (const MatchedBy by :
       {MatchedBy::name, MatchedBy::file, MatchedBy::values, MatchedBy::reordered}) {
    const auto count = std::ranges::count(result.matches, by, &TensorMatch::by);
    if (count > 0)
      text +=
          fmt::format("{}{} by {}", text.empty() ? "" : ", ", count,
                      by == MatchedBy::reordered ? "values in another order" : matched_word(by));
  }
  return text;
}

}  // namespace

std::string tensor_matching_text(const TensorMatching& result, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text =
      layout.labelled("candidate", name_line(result.candidate.identity), Tint::strong) +
      layout.labelled("reference", name_line(result.reference.identity), Tint::strong) +
      layout.labelled("positions", fmt::format("{}", result.tokens.size()));
  for (const Warning& warning : result.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  text += match_table(result, layout) + "\n";
  text += lone_list("the candidate's", result.only_candidate, layout);
  text += lone_list("the reference's", result.only_reference, layout);
  if (!result.never_shown.empty())
    text += layout.labelled(
        "never came", escaped(fmt::format("{}", fmt::join(result.never_shown, ", "))), Tint::warn);
  const bool none = result.matches.empty();
  const std::string word = none ? "NOT-MATCHED" : "MATCHED";
  const std::string sentence =
      none ? word + ": no tensor of the candidate is one of the reference's."
           : fmt::format(
                 "{}: {} of {} of the candidate {} one of the reference's: {}.", word,
                 result.matches.size(),
                 counted(std::ssize(result.matches) + std::ssize(result.only_candidate), "tensor"),
                 result.matches.size() == 1 ? "is" : "are", counts(result));
  text += "\n" + layout.tinted(none ? Tint::bad : Tint::good, word) +
          layout.paragraph(sentence).substr(word.size());
  if (!result.names_path.empty())
    text += layout.labelled("next", "names=" + escaped(result.names_path) +
                                        " in the candidate's spec gives its tensors these names");
  return text;
}

}  // namespace crossval
