#include "report/text/invariance.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/text/prompt.h"

namespace crossval {
namespace {

Cell mark_of(const InvarianceCell& cell) {
  switch (cell.state) {
    case CellState::same:
      return {"=", Tint::good};
    case CellState::differs:
      return cell.claimed ? Cell{"✗", Tint::bad} : Cell{"≠", Tint::warn};
    case CellState::not_run:
      break;
  }
  return {"–", Tint::dim};
}

std::string found_text(const InvarianceCell& cell, bool top) {
  switch (cell.state) {
    case CellState::same:
      return fmt::format("{} bit-identical", counted(cell.rows, "row"));
    case CellState::not_run:
      return cell.why;
    case CellState::differs:
      break;
  }
  return fmt::format("{} of {} differ, first at position {}, by {} {} at most{}",
                     grouped(cell.differing), counted(cell.rows, "row"), *cell.first,
                     top ? "|Δ ln p|" : "relative L2", distance_text(cell.distance),
                     cell.claimed ? "" : "; the engine says that it varies with it");
}

std::string verdict(const Invariance& result) {
  const auto count = [&](CellState state) {
    return std::ranges::count(result.cells, state, &InvarianceCell::state);
  };
  const auto run = std::ssize(result.cells) - count(CellState::not_run);
  if (is_broken(result)) {
    return fmt::format("NOT-INVARIANT: {} of {} give other bits", count(CellState::differs),
                       counted(run, "way"));
  }
  return fmt::format("INVARIANT: {} of {} to run it give the same bits{}", count(CellState::same),
                     counted(run, "way"),
                     count(CellState::differs) == 0 ? "" : ", and it claims no more");
}

}  // namespace

std::string invariance_text(const Invariance& result, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("engine", name_line(result.engine.identity), Tint::strong);
  text += layout.labelled("model", escaped(result.engine.settings.model_path));
  text += layout.labelled("prompt", counted(std::ssize(result.tokens), "token"));
  for (const Warning& warning : result.warnings)
    text += layout.labelled("warning", escaped(warning.name + ": " + warning.message), Tint::warn);
  Table table({{"", false}, {"beside as it is", false}, {"", false}});
  const bool top = rows_of(result.engine.settings) == RowContent::top;
  for (const InvarianceCell& cell : result.cells)
    table.add({mark_of(cell), {cell.name}, {escaped(found_text(cell, top))}});
  text += "\n" + table.text(layout);
  const std::string sentence = verdict(result) + ".";
  const std::string word = sentence.substr(0, sentence.find(':'));
  text += "\n" + layout.tinted(is_broken(result) ? Tint::bad : Tint::good, word) +
          layout.paragraph(sentence).substr(word.size());
  if (is_broken(result))
    text += layout.labelled("next",
                            "crossval per-token with the two settings and --first-diff "
                            "names the first operation that depends on them");
  return text;
}

}  // namespace crossval
