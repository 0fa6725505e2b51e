#include "report/text/layout.h"

#include <algorithm>

#include "report/text/printable.h"

namespace crossval {
namespace {

const char* code_of(Tint tint) {
  switch (tint) {
    case Tint::strong:
      return "1";
    case Tint::dim:
      return "2";
    case Tint::good:
      return "32";
    case Tint::bad:
      return "31";
    case Tint::warn:
      return "33";
    case Tint::none:
      break;
  }
  return "";
}

// Lines of at most `width` columns, broken at blanks; a longer word keeps a line of its own.
std::vector<std::string> wrapped(std::string_view unsafe, int width) {
  const std::string safe = printable(unsafe);
  std::string_view text = safe;
  std::vector<std::string> lines(1);
  int used = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    const int size = display_width(word);
    if (used > 0 && used + 1 + size > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back() += ' ';
    lines.back() += word;
    used += size + (used > 0 ? 1 : 0);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return lines;
}

void pad(std::string& line, int columns) {
  line.append(static_cast<size_t>(std::max(columns, 0)), ' ');
}

}  // namespace

std::string Layout::tinted(Tint tint, std::string_view text) const {
  if (!color || tint == Tint::none || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code_of(tint)) + "m" + std::string(text) + "\x1b[0m";
}

std::string Layout::paragraph(std::string_view text) const {
  std::string all;
  for (const std::string& line : wrapped(text, width)) all += line + "\n";
  return all;
}

std::string Layout::labelled(std::string_view label, std::string_view text, Tint tint) const {
  if (text.empty()) return {};
  std::string all;
  for (const std::string& part : wrapped(text, width - kLabelWidth)) {
    std::string line = tinted(Tint::dim, label);
    pad(line, kLabelWidth - display_width(label));
    all += line + tinted(tint, part) + "\n";
    label = {};
  }
  return all;
}

void Table::add(std::vector<Cell> cells) { rows_.push_back({std::move(cells), false}); }

void Table::add_line(std::string text, Tint tint) {
  rows_.push_back({{Cell{std::move(text), tint}}, true});
}

std::string Table::text(const Layout& layout) const {
  std::vector<Row> rows;
  rows.push_back({});
  for (const Column& column : columns_) rows.front().cells.push_back({column.heading, Tint::dim});
  rows.insert(rows.end(), rows_.begin(), rows_.end());

  std::vector<int> widths(columns_.size(), 0);
  for (Row& row : rows) {
    for (Cell& cell : row.cells) cell.text = printable(cell.text);
    if (row.across) continue;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      if (columns_[i].max_width > 0) {
        row.cells[i].text = fitted(row.cells[i].text, columns_[i].max_width);
      }
      widths[i] = std::max(widths[i], display_width(row.cells[i].text));
    }
  }

  std::string all;
  for (const Row& row : rows) {
    std::string line;
    int blanks = 0;  // owed before the next text: none is left at the end of a line
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      const int room = row.across ? 0 : widths[i] - display_width(cell.text);
      if (columns_[i].right) blanks += std::max(room, 0);
      if (!cell.text.empty()) {
        pad(line, blanks);
        blanks = 0;
        line += layout.tinted(cell.tint, cell.text);
      }
      if (!columns_[i].right) blanks += std::max(room, 0);
      blanks += 2;
    }
    all += line + "\n";
  }
  return all;
}

}  // namespace crossval
