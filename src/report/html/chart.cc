#include "report/html/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/html/escape.h"

namespace crossval {
namespace {

constexpr double kWidth = 900, kHeight = 180, kLeft = 60, kTop = 10, kBottom = 30;

// The decades that the finite distances above 0 lie in.
struct Scale {
  int first = -8, last = 0;

  explicit Scale(const std::vector<double>& values) {
    bool some = false;
    for (const double value : values) {
      if (!std::isfinite(value) || value <= 0) continue;
      const int decade = static_cast<int>(std::floor(std::log10(value)));
      first = some ? std::min(first, decade) : decade;
      last = some ? std::max(last, decade + 1) : decade + 1;
      some = true;
    }
    if (!some) first = -8, last = 0;
    first = std::max(first, last - 12);
  }

  /// 0 at the foot of the axis, 1 at its top.
  double place(double value) const {
    if (std::isnan(value) || std::isinf(value)) return 1;
    if (value <= 0) return 0;
    const double at = (std::log10(value) - first) / (last - first);
    return std::clamp(at, 0.02, 1.0);
  }
};

std::vector<double> columns_of(std::span<const double> distances) {
  const size_t group = (distances.size() + kMostColumns - 1) / kMostColumns;
  std::vector<double> columns;
  columns.reserve(group == 0 ? 0 : distances.size() / group + 1);
  for (size_t begin = 0; begin < distances.size(); begin += group) {
    const auto part = distances.subspan(begin, std::min(group, distances.size() - begin));
    // NaN is the largest of all.
    columns.push_back(*std::ranges::max_element(
        part, [](double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); }));
  }
  return columns;
}

double height_of(double place) { return kTop + (1 - place) * (kHeight - kTop - kBottom); }

}  // namespace

std::string html_chart(std::span<const double> distances, std::optional<int32_t> marked,
                       std::string_view name, std::string_view of) {
  if (distances.empty()) return {};
  const std::vector<double> columns = columns_of(distances);
  const Scale scale(columns);
  const double step = (kWidth - kLeft) / static_cast<double>(columns.size());
  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{} by {}\">\n", kWidth,
                  kHeight, html_escaped(name), html_escaped(of));
  const int every = std::max(1, (scale.last - scale.first + 3) / 4);
  for (int decade = scale.first; decade <= scale.last; decade += every) {
    const double y = height_of(static_cast<double>(decade - scale.first) /
                               static_cast<double>(scale.last - scale.first));
    svg += fmt::format(
        "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"var(--line)\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">1e{}</text>\n",
        kLeft, kWidth, y, y, kLeft - 6, y + 4, decade);
  }
  svg += "<path fill=\"var(--mark)\" d=\"";
  for (size_t i = 0; i < columns.size(); ++i) {
    const double x = kLeft + static_cast<double>(i) * step, y = height_of(scale.place(columns[i]));
    if (columns[i] == 0) continue;
    svg += fmt::format("M{:.1f} {:.1f}h{:.2f}V{}h-{:.2f}z", x, y, std::max(step * 0.9, 0.8),
                       kHeight - kBottom, std::max(step * 0.9, 0.8));
  }
  svg += "\"/>\n";
  const double right = static_cast<double>(distances.size());
  if (marked) {
    const double x = kLeft + (*marked + 0.5) / right * (kWidth - kLeft);
    svg += fmt::format(
        "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke=\"var(--bad)\" "
        "stroke-width=\"2\"/>\n",
        x, x, kTop, kHeight - kBottom);
  }
  return svg + fmt::format(
                   "<text x=\"{}\" y=\"{}\">0</text><text x=\"{}\" y=\"{}\" "
                   "text-anchor=\"end\">{} {}</text>\n</svg>\n",
                   kLeft, kHeight - 10, kWidth, kHeight - 10, html_escaped(of),
                   distances.size() - 1);
}

}  // namespace crossval
