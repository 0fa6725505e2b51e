#include "compare/top_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace crossval {
namespace {

// A list's sum is known no better: its log-probabilities are floats.
constexpr double kSumError = 1e-6;

double log_sum_of(std::span<const float> logits) {
  const double highest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - highest);
  return highest + std::log(sum);
}

// What one side tells, by token.
class Told {
 public:
  explicit Told(const ToldRow& row) : logits_(row.logits) {
    if (row.top == nullptr) {
      log_sum_ = log_sum_of(logits_);
      least_ = *std::ranges::min_element(logits_) - log_sum_;
      return;
    }
    double listed = 0;
    for (const TopToken& token : row.top->tokens) {
      list_.emplace(token.id, token.log_probability);
      listed += std::exp(double{token.log_probability});
      least_ = std::min(least_, double{token.log_probability});
    }
    rest_ = std::isnan(row.top->rest) ? std::max(0.0, 1 - listed) : row.top->rest;
  }

  bool all() const { return !logits_.empty(); }
  int32_t count() const { return static_cast<int32_t>(all() ? logits_.size() : list_.size()); }
  bool has(int32_t id) const {
    return all() ? id >= 0 && id < std::ssize(logits_) : list_.contains(id);
  }
  double log_probability(int32_t id) const {
    return all() ? logits_[static_cast<size_t>(id)] - log_sum_ : list_.at(id);
  }
  double least() const { return least_; }  // ln p of the least likely token that is told
  double rest() const { return rest_; }

  // Ids of the most likely `count` tokens, in order.
  std::vector<int32_t> most_likely(size_t count) const {
    std::vector<TopToken> tokens;
    if (all()) {
      tokens = top_row_of(logits_, count).tokens;
    } else {
      tokens.reserve(list_.size());
      for (const auto& [id, log_p] : list_) tokens.push_back({id, static_cast<float>(log_p)});
      std::ranges::sort(tokens, is_likelier);
      tokens.resize(std::min(count, tokens.size()));
    }
    std::vector<int32_t> ids;
    ids.reserve(tokens.size());
    for (const TopToken& token : tokens) ids.push_back(token.id);
    return ids;
  }

  // 1 for the most likely; 0: not told.
  int32_t rank_of(int32_t id) const {
    if (!has(id)) return 0;
    const double own = log_probability(id);
    const auto before = [&](int32_t other, double log_p) {
      return log_p > own || (log_p == own && other < id);
    };
    int32_t rank = 1;
    if (all()) {
      for (int32_t i = 0; i < count(); ++i) rank += before(i, log_probability(i)) ? 1 : 0;
    } else {
      for (const auto& [other, log_p] : list_) rank += before(other, log_p) ? 1 : 0;
    }
    return rank;
  }

  const std::map<int32_t, double>& list() const { return list_; }

 private:
  std::span<const float> logits_;
  double log_sum_ = 0;
  std::map<int32_t, double> list_;
  double least_ = 0;
  double rest_ = 0;
};

void look_at(int32_t id, const Told& a, const Told& b, TopMetrics& m) {
  const bool both = a.has(id) && b.has(id);
  double difference = 0;
  if (both) {
    difference = std::abs(a.log_probability(id) - b.log_probability(id));
  } else {
    const Told& knows = a.has(id) ? a : b;
    const Told& other = a.has(id) ? b : a;
    difference = std::max(0.0, knows.log_probability(id) - other.least());
  }
  if (difference > m.max_abs_diff) {
    m.max_abs_diff = difference;
    m.max_abs_token = id;
    m.at_least = !both;
  }
}

// p ln(p / q); nothing of what has no probability.
double term(double p, double log_p, double log_q) { return p > 0 ? p * (log_p - log_q) : 0; }

// Over the tokens told by both, and all others as one (the log-sum inequality makes that a lower
// bound).
void bound_kl(const Told& q, const Told& p, const std::vector<int32_t>& shared, TopMetrics& m) {
  double sum = 0, p_shared = 0, q_shared = 0;
  for (const int32_t id : shared) {
    const double log_p = p.log_probability(id), log_q = q.log_probability(id);
    sum += term(std::exp(log_p), log_p, log_q);
    p_shared += std::exp(log_p);
    q_shared += std::exp(log_q);
  }
  // Where all that a side tells is shared, it knows its rest better than one minus the sum.
  const auto rest_of = [&](const Told& told, double told_shared) {
    return told.count() == std::ssize(shared) ? told.rest() : std::max(0.0, 1 - told_shared);
  };
  const double p_rest = rest_of(p, p_shared), q_rest = rest_of(q, q_shared);
  m.kl_low = std::max(0.0, sum + term(p_rest, std::log(p_rest), std::log(q_rest + kSumError)));
  if (p_rest == 0) {
    m.kl_high = m.kl_low;
  } else if (q.all()) {
    // No token of the rest is likelier than the least that is told, nor less so than q's least.
    const double log_most = std::min(std::log(p_rest), p.least());
    m.kl_high = std::max(m.kl_low, sum + p_rest * (log_most - q.least()));
  } else {
    m.kl_high = std::numeric_limits<double>::infinity();
  }
}

}  // namespace

double log_probability_of(const ToldRow& row, int32_t id) {
  const Told told(row);
  return told.has(id) ? told.log_probability(id) : std::numeric_limits<double>::quiet_NaN();
}

TopRow top_row_of(std::span<const float> logits, size_t count) {
  const double log_sum = log_sum_of(logits);
  std::vector<TopToken> tokens;
  tokens.reserve(logits.size());
  for (size_t i = 0; i < logits.size(); ++i)
    tokens.push_back({static_cast<int32_t>(i), static_cast<float>(logits[i] - log_sum)});
  count = std::min(count, tokens.size());
  std::ranges::partial_sort(tokens, tokens.begin() + static_cast<ptrdiff_t>(count), is_likelier);
  TopRow row;
  row.rest = 0;
  for (size_t i = count; i < tokens.size(); ++i)
    row.rest += std::exp(double{logits[static_cast<size_t>(tokens[i].id)]} - log_sum);
  tokens.resize(count);
  row.tokens = std::move(tokens);
  return row;
}

TopMetrics compare_top_rows(const ToldRow& candidate, const ToldRow& reference) {
  const Told c(candidate), r(reference);
  TopMetrics m;
  m.candidate_tokens = c.count();
  m.reference_tokens = r.count();
  m.candidate_rest = c.rest();
  m.reference_rest = r.rest();
  m.of = std::min(c.count(), r.count());
  std::vector<int32_t> shared;
  for (const Told* side : {&c, &r}) {
    for (const auto& [id, log_p] : side->list()) look_at(id, c, r, m);
  }
  const Told& shorter = c.count() <= r.count() ? c : r;
  for (const auto& [id, log_p] : shorter.list())
    if (c.has(id) && r.has(id)) shared.push_back(id);
  m.compared = static_cast<int32_t>(shared.size());
  const auto of = static_cast<size_t>(m.of);
  std::vector<int32_t> ours = c.most_likely(of), theirs = r.most_likely(of);
  if (!theirs.empty()) m.rank = c.rank_of(theirs.front());
  std::ranges::sort(ours);
  m.overlap = static_cast<int32_t>(std::ranges::count_if(
      theirs, [&](int32_t id) { return std::ranges::binary_search(ours, id); }));
  bound_kl(c, r, shared, m);
  return m;
}

}  // namespace crossval
