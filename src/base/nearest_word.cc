#include "base/nearest_word.h"

#include <algorithm>
#include <cstddef>

namespace crossval {
namespace {

constexpr size_t kShortestBeginning = 4;  // characters: of "--" and one letter many words are meant

// Optimal string alignment distance, by the full table: words are short.
size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest_word(std::string_view typed, const std::vector<std::string>& known) {
  std::string best;
  size_t fewest = std::max<size_t>(1, typed.size() / 3) + 1;
  for (const std::string& word : known) {
    const size_t n = edits(typed, word);
    if (n < fewest) {
      fewest = n;
      best = word;
    }
  }
  if (!best.empty() || typed.size() < kShortestBeginning) return best;
  for (const std::string& word : known) {
    if (word.starts_with(typed) && (best.empty() || word.size() < best.size())) best = word;
  }
  return best;
}

}  // namespace crossval
