// Distances by position, drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crossval {

/// An SVG with one column per position or operation, or per group of neighbours where there are
/// more than kMostColumns: the largest of a group is drawn. The axis is logarithmic; 0 lies at its
/// foot, what is not finite at its top. `marked`: index of a position with a line through it.
/// `name` of the figure and what it is `of`, text.
std::string html_chart(std::span<const double> distances, std::optional<int32_t> marked,
                       std::string_view name, std::string_view of = "position");

inline constexpr int kMostColumns = 600;

}  // namespace crossval
