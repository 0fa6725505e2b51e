// The few shapes that text reports are made of: tints, labelled paragraphs, tables. Whatever text
// they are given, what they print is safe for a terminal (`printable`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossval {

enum class Tint { none, strong, dim, good, bad, warn };

struct Layout {
  bool color = false;
  int width = 80;  // columns; words are wrapped, tables are made to fit

  /// `text` in the tint's colour; as it is without colour.
  std::string tinted(Tint tint, std::string_view text) const;

  /// Words wrapped at the left edge.
  std::string paragraph(std::string_view text) const;

  /// "label      text", words wrapped into a hanging indent. An empty label continues the one
  /// above.
  std::string labelled(std::string_view label, std::string_view text, Tint tint = Tint::none) const;
};

inline constexpr int kLabelWidth = 11;  // of `labelled`, blank included

struct Cell {
  std::string text;
  Tint tint = Tint::none;
};

struct Column {
  std::string heading;
  bool right = false;  // aligned: numbers
  int max_width = 0;   // longer cells are cut; 0: never
};

/// Rows of cells under headings, columns as wide as they need to be, two blanks between them.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as columns, or fewer.
  void add(std::vector<Cell> cells);
  /// A line across all columns: a section's name, an ellipsis.
  void add_line(std::string text, Tint tint);

  std::string text(const Layout& layout) const;

 private:
  struct Row {
    std::vector<Cell> cells;
    bool across = false;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace crossval
