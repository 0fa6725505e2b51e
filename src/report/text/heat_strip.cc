#include "report/text/heat_strip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr int kNameWidth = 26;
constexpr int32_t kTick = 10;  // columns between two numbers above them

/// "Qcur-12 ROPE" without its layer.
std::string name_of(const JudgedOperation& operation) {
  const std::string suffix = fmt::format("-{}", operation.layer);
  std::string name = operation.tensor;
  if (const auto at = name.find(suffix); at != std::string::npos) name.erase(at, suffix.size());
  return name;
}

/// By layer: units, negative where it was not judged.
struct Line {
  std::string name;
  std::vector<double> units;
  bool beyond = false;
};

std::vector<Line> lines_of(const JudgedEngine& engine, int32_t layers, double limit) {
  std::vector<Line> lines;
  std::map<std::string, size_t> places;
  for (const JudgedOperation& operation : engine.operations) {
    if (operation.layer < 0 || operation.tensor.empty()) continue;
    const std::string name = name_of(operation);
    const auto [place, is_new] = places.try_emplace(name, lines.size());
    if (is_new) lines.push_back({name, std::vector<double>(static_cast<size_t>(layers), -1)});
    if (!operation.judged) continue;
    Line& line = lines[place->second];
    double& units = line.units[static_cast<size_t>(operation.layer)];
    units = std::max(units, operation.error.units);
    line.beyond = line.beyond || units > limit;
  }
  return lines;
}

char digit(double units) {
  if (std::isinf(units)) return '9';
  return static_cast<char>('0' + std::clamp(static_cast<int>(std::log10(units)), 0, 9));
}

std::string column(const Line& line, int32_t first, int32_t end, double limit) {
  const auto worst = *std::max_element(line.units.begin() + first, line.units.begin() + end);
  if (worst < 0) return " ";
  return worst > limit ? std::string(1, digit(worst)) : "·";
}

std::string numbers_above(int32_t columns, int32_t share) {
  std::string text;
  for (int32_t c = 0; c < columns; c += kTick)
    text += fmt::format("{:<{}}", c * share, static_cast<int>(kTick));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::string heat_strip(const JudgedEngine& engine, double limit, const Layout& layout) {
  int32_t layers = 0;
  for (const JudgedOperation& operation : engine.operations)
    layers = std::max(layers, operation.layer + 1);
  if (layers < 2) return {};
  const int32_t room = std::max(kTick, layout.width - kNameWidth);
  const int32_t share = (layers + room - 1) / room;
  const int32_t columns = (layers + share - 1) / share;
  std::string text;
  for (const Line& line : lines_of(engine, layers, limit)) {
    if (!line.beyond) continue;
    std::string cells;
    for (int32_t c = 0; c < columns; ++c)
      cells += column(line, c * share, std::min(layers, (c + 1) * share), limit);
    cells.erase(cells.find_last_not_of(' ') + 1);
    text +=
        fmt::format("{:<{}}{}\n", fitted(printable(line.name), kNameWidth - 1), kNameWidth, cells);
  }
  if (text.empty()) return {};
  return layout.tinted(Tint::dim, fmt::format("{:<{}}{}\n", "layer", kNameWidth,
                                              numbers_above(columns, share))) +
         text +
         layout.tinted(Tint::dim, "· within its bound, else the power of ten of the units\n") +
         "\n";
}

}  // namespace crossval
