#include "gate/token_alignment.h"

#include <algorithm>

namespace crossval {
namespace {

using Ids = std::span<const int32_t>;

// Furthest-reaching points of Myers' algorithm: rows[d][k + d] is how far along `a` an edit script
// of d edits gets on diagonal k (a position minus b position).
using Frontier = std::vector<std::vector<ptrdiff_t>>;

// The frontier up to the number of edits that reaches both ends; empty when max_edits do not.
Frontier search(Ids a, Ids b, ptrdiff_t max_edits) {
  const auto n = static_cast<ptrdiff_t>(a.size()), m = static_cast<ptrdiff_t>(b.size());
  Frontier rows;
  for (ptrdiff_t d = 0; d <= max_edits; ++d) {
    rows.emplace_back(2 * d + 1, -1);
    for (ptrdiff_t k = -d; k <= d; k += 2) {
      ptrdiff_t x = 0;
      if (d > 0) {
        const auto& last = rows[d - 1];
        const auto reach = [&](ptrdiff_t diagonal) {
          return diagonal < -(d - 1) || diagonal > d - 1 ? -1 : last[diagonal + d - 1];
        };
        const bool insert = k == -d || (k != d && reach(k - 1) < reach(k + 1));
        x = insert ? reach(k + 1) : reach(k - 1) + 1;
      }
      while (x < n && x - k < m && x - k >= 0 && a[x] == b[x - k]) ++x;
      rows[d][k + d] = x;
      if (x >= n && x - k >= m) return rows;
    }
  }
  return {};
}

// Walks the frontier back from the ends; each edit is one id of one side, neighbours are merged.
std::vector<TokenHunk> trace_back(const Frontier& rows, size_t n, size_t m) {
  std::vector<TokenHunk> hunks;
  auto x = static_cast<ptrdiff_t>(n), y = static_cast<ptrdiff_t>(m);
  for (auto d = static_cast<ptrdiff_t>(rows.size()) - 1; d > 0; --d) {
    const ptrdiff_t k = x - y;
    const auto& last = rows[d - 1];
    const auto reach = [&](ptrdiff_t diagonal) {
      return diagonal < -(d - 1) || diagonal > d - 1 ? -1 : last[diagonal + d - 1];
    };
    const bool insert = k == -d || (k != d && reach(k - 1) < reach(k + 1));
    const ptrdiff_t before_x = insert ? reach(k + 1) : reach(k - 1);
    const ptrdiff_t before_y = before_x - (insert ? k + 1 : k - 1);
    TokenHunk edit{static_cast<size_t>(before_x), static_cast<size_t>(before_x + !insert),
                   static_cast<size_t>(before_y), static_cast<size_t>(before_y + insert)};
    if (!hunks.empty() && edit.a_end == hunks.back().a_begin &&
        edit.b_end == hunks.back().b_begin) {
      hunks.back().a_begin = edit.a_begin;
      hunks.back().b_begin = edit.b_begin;
    } else {
      hunks.push_back(edit);
    }
    x = before_x;
    y = before_y;
  }
  std::reverse(hunks.begin(), hunks.end());
  return hunks;
}

}  // namespace

std::vector<TokenHunk> align_tokens(Ids a, Ids b, size_t max_edits) {
  size_t prefix = 0;
  while (prefix < a.size() && prefix < b.size() && a[prefix] == b[prefix]) ++prefix;
  if (prefix == a.size() && prefix == b.size()) return {};
  size_t suffix = 0;
  while (suffix < a.size() - prefix && suffix < b.size() - prefix &&
         a[a.size() - 1 - suffix] == b[b.size() - 1 - suffix]) {
    ++suffix;
  }
  const Ids inner_a = a.subspan(prefix, a.size() - prefix - suffix);
  const Ids inner_b = b.subspan(prefix, b.size() - prefix - suffix);
  const size_t most = std::min(max_edits, inner_a.size() + inner_b.size());
  const Frontier rows = search(inner_a, inner_b, static_cast<ptrdiff_t>(most));
  std::vector<TokenHunk> hunks =
      rows.empty() ? std::vector<TokenHunk>{{0, inner_a.size(), 0, inner_b.size()}}
                   : trace_back(rows, inner_a.size(), inner_b.size());
  for (TokenHunk& hunk : hunks) {
    hunk.a_begin += prefix;
    hunk.a_end += prefix;
    hunk.b_begin += prefix;
    hunk.b_end += prefix;
  }
  return hunks;
}

}  // namespace crossval
