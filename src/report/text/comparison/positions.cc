#include <fmt/format.h>

#include <algorithm>

#include "base/count_text.h"
#include "report/text/comparison/parts.h"
#include "report/text/comparison/position_selection.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

// The other columns and the gaps between them need 64 columns at most.
int token_width(const Layout& layout) { return std::clamp(layout.width - 64, 12, 40); }

Cell mark_of(const PositionResult& position) {
  if (!position.healthy) return {"!", Tint::bad};
  if (position.metrics.identical) return {"=", Tint::good};
  return position.passed ? Cell{"✓", Tint::good} : Cell{"✗", Tint::bad};
}

std::string top_text(const PositionResult& position) {
  if (!position.healthy || !position.argmax_flip()) return {};
  return fmt::format("{}≠{}", position.metrics.candidate_argmax, position.metrics.reference_argmax);
}

// Of a token that one side does not tell, its least possible difference.
std::vector<Cell> with_top(std::vector<Cell> cells, const TopMetrics& top, const std::string& flip,
                           Tint tint) {
  cells.push_back({(top.at_least ? "≥ " : "") + distance_text(top.max_abs_diff), tint});
  cells.push_back({distance_text(top.kl_low), tint});
  cells.push_back({fmt::format("{}/{}", top.overlap, top.of), tint});
  cells.push_back({top.rank == 0 ? "-" : std::to_string(top.rank), tint});
  cells.push_back({flip, Tint::warn});
  return cells;
}

std::vector<Cell> cells_of(const PositionResult& position, RowContent rows, int width) {
  const RowMetrics& metrics = position.metrics;
  const Tint tint = metrics.identical ? Tint::dim : position.passed ? Tint::none : Tint::bad;
  // The closing quote stays behind a cut token. An engine without a vocabulary knows the id alone.
  const std::string token = position.piece.empty()
                                ? fmt::format("#{}", position.id)
                                : "\"" + fitted(escaped(position.piece), width - 2) + "\"";
  std::vector<Cell> cells{{std::to_string(position.position)}, {token}, mark_of(position)};
  if (!position.healthy) return cells;
  if (position.top) return with_top(std::move(cells), *position.top, top_text(position), tint);
  if (rows == RowContent::hashes) {
    cells.push_back({top_text(position), Tint::warn});
    return cells;
  }
  cells.push_back({metrics.identical ? "1" : cosine_text(metrics.cosine), tint});
  for (const double distance : {metrics.relative_l2, metrics.max_abs_diff, metrics.kl}) {
    cells.push_back({distance_text(distance), tint});
  }
  cells.push_back({top_text(position), Tint::warn});
  return cells;
}

std::vector<Column> columns_of(RowContent rows, int width) {
  std::vector<Column> columns = {{"pos", true}, {"token", false, width}, {"", false}};
  if (rows == RowContent::logits)
    columns.insert(columns.end(),
                   {{"cosine", true}, {"rel L2", true}, {"max |Δ|", true}, {"KL", true}});
  if (rows == RowContent::top)
    columns.insert(columns.end(),
                   {{"max |Δ ln p|", true}, {"KL ≥", true}, {"shared", true}, {"rank", true}});
  columns.push_back({"top-1", false});
  return columns;
}

// What a run of hidden positions is like.
std::string summary(const Comparison& comparison, size_t begin, size_t end) {
  int identical = 0;
  int failed = 0;
  int unhealthy = 0;
  double lowest = 1, largest = 0;
  for (size_t i = begin; i < end; ++i) {
    const PositionResult& position = comparison.positions[i];
    identical += position.metrics.identical ? 1 : 0;
    unhealthy += position.healthy ? 0 : 1;
    failed += position.healthy && !position.passed ? 1 : 0;
    if (position.healthy) lowest = std::min(lowest, position.metrics.cosine);
    if (position.top) largest = std::max(largest, position.top->max_abs_diff);
  }
  const auto count = static_cast<int>(end - begin);
  std::string text = fmt::format("⋮  {} more", grouped(count));
  if (identical == count) return text + ", all bit-identical";
  if (unhealthy > 0) text += fmt::format(", {} unhealthy", grouped(unhealthy));
  if (unhealthy < count && failed == count) {
    text += ", all fail";
  } else if (failed > 0) {
    text += fmt::format(", {} fail", grouped(failed));
  } else if (unhealthy == 0) {
    text += ", all pass";
  }
  if (identical > 0) text += fmt::format(", {} bit-identical", grouped(identical));
  if (unhealthy == count || comparison.rows == RowContent::hashes) return text;
  return comparison.rows == RowContent::top ? text + ", largest |Δ ln p| " + distance_text(largest)
                                            : text + ", lowest cosine " + cosine_text(lowest);
}

}  // namespace

std::string positions_text(const Comparison& comparison, const TextOptions& options) {
  const auto& positions = comparison.positions;
  if (positions.empty()) return {};
  const int width = token_width(options.layout);
  Table table(columns_of(comparison.rows, width));
  std::vector<size_t> shown = select_positions(comparison);
  if (options.all) {
    shown.resize(positions.size());
    for (size_t i = 0; i < shown.size(); ++i) shown[i] = i;
  }
  const auto decode = static_cast<size_t>(comparison.prompt_positions);
  size_t next = 0;
  const auto hidden_until = [&](size_t end) {
    if (next < end) table.add_line("   " + summary(comparison, next, end), Tint::dim);
    next = end;
  };
  for (const size_t i : shown) {
    if (i >= decode && next <= decode && decode > 0) {
      hidden_until(decode);
      table.add_line("decode: the reference's greedy choices", Tint::dim);
    }
    hidden_until(i);
    table.add(cells_of(positions[i], comparison.rows, width));
    next = i + 1;
  }
  hidden_until(positions.size());
  return table.text(options.layout);
}

}  // namespace crossval
