// The result of a suite as a page.
#pragma once

#include <string>

#include "results/suite.h"

namespace crossval {

/// One self-contained HTML document: the verdict, the pairs, each prompt as a cell of a map (or
/// several prompts, of which the worst is shown, where there are more than kMostCells), the worst
/// kMostSuiteRows runs as a table with the commands that show them, the engines' marks side by
/// side.
std::string html_report(const SuiteResult& suite);

inline constexpr int kMostCells = 2000;        // of a pair's map
inline constexpr int kMostCellsInAll = 20000;  // of all maps, but 50 a pair
inline constexpr int kMostSuiteRows = 1000;

}  // namespace crossval
