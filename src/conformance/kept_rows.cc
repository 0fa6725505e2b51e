#include "conformance/kept_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "compare/row_metrics.h"
#include "compare/top_metrics.h"

namespace crossval {
namespace {

constexpr int32_t kIds = 6;
// Of rows that two ways of evaluating one prompt give.
constexpr double kCosine = 0.9;  // at least
constexpr double kNats = 1;      // at most, of ln p

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

}  // namespace

std::vector<TokenId> some_ids(const EngineSettings& settings) {
  const int32_t n = settings.n_vocab;
  std::vector<TokenId> ids = {1 % n, n / 2, n - 1, 2 % n, n / 3, 0};
  ids.resize(static_cast<size_t>(std::min(kIds, settings.n_ctx)));
  return ids;
}

Result<KeptRows> rows_of(Engine& engine, const EvaluateRequest& request) {
  KeptRows rows;
  const auto done = engine.evaluate(request, [&](int32_t, const Row& row) {
    rows.emplace_back().store(row);
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return rows;
}

Result<KeptRows> prompt_rows(Engine& engine, Rows rows) {
  const std::vector<TokenId> ids = some_ids(engine.info().settings);
  if (!engine.info().capabilities.all_logits) rows = Rows::last;
  return rows_of(engine, {.ids = ids, .rows = rows});
}

bool same_bits(const StoredRow& a, const StoredRow& b) {
  const Row one = a.view(), other = b.view();
  if (one.content != other.content) return false;
  switch (one.content) {
    case RowContent::top:
      return one.top->tokens == other.top->tokens &&
             std::bit_cast<uint64_t>(one.top->rest) == std::bit_cast<uint64_t>(other.top->rest);
    case RowContent::hashes:
      return one.hash.hash == other.hash.hash && one.hash.argmax == other.hash.argmax;
    case RowContent::logits:
      break;
  }
  return same_bits(one.logits, other.logits);
}

std::string difference(const KeptRows& rows, const KeptRows& others) {
  if (rows.size() != others.size())
    return fmt::format("{} rows, then {}", rows.size(), others.size());
  for (size_t i = 0; i < rows.size(); ++i)
    if (!same_bits(rows[i], others[i])) return fmt::format("row {} has other bits", i);
  return {};
}

std::string unrelated(const StoredRow& a, const StoredRow& b) {
  const Row one = a.view(), other = b.view();
  if (one.content == RowContent::logits) {
    const double cosine = compare_rows(one.logits, other.logits).cosine;
    return cosine >= kCosine ? std::string() : fmt::format("has cosine {:.4f} with", cosine);
  }
  if (one.content == RowContent::top) {
    const double apart = compare_top_rows({.top = one.top}, {.top = other.top}).max_abs_diff;
    return apart <= kNats ? std::string() : fmt::format("is {:.4f} of ln p apart from", apart);
  }
  return {};
}

}  // namespace crossval
