#include "session/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gate/settings.h"

namespace crossval {
namespace {

// The run as a whole, where that is required.
bool is_larger_than_floor(const Comparison& comparison) {
  return comparison.requirement == Requirement::floor && comparison.floor->paired &&
         comparison.floor->paired->word == PairedWord::larger;
}

Verdict verdict_of(const Comparison& comparison) {
  if (!comparison.gates_open) {
    return comparison.mismatch ? Verdict::tokens_differ : Verdict::settings_differ;
  }
  if (!comparison.health.empty()) return Verdict::unhealthy;
  if (comparison.first_divergence || is_larger_than_floor(comparison)) return Verdict::diverged;
  if (comparison.mismatch)
    return Verdict::tokens_differ;  // whatever the rows of one side's ids say
  if (comparison.identical_rows == std::ssize(comparison.positions)) return Verdict::identical;
  const bool drifts = comparison.requirement == Requirement::floor && comparison.floor->above > 0;
  return drifts ? Verdict::drift : Verdict::match;
}

// A cosine that is not a number is worse than any; of equal ones the longer distance is worse.
bool is_worse(const PositionResult& first, const PositionResult& second) {
  if (first.top && second.top) return first.top->max_abs_diff > second.top->max_abs_diff;
  const RowMetrics& a = first.metrics;
  const RowMetrics& b = second.metrics;
  if (std::isnan(a.cosine) || std::isnan(b.cosine)) {
    return std::isnan(a.cosine) && !std::isnan(b.cosine);
  }
  return a.cosine != b.cosine ? a.cosine < b.cosine : a.relative_l2 > b.relative_l2;
}

void find_extremes(Comparison& c) {
  size_t worst = 0;
  for (size_t i = 0; i < c.positions.size(); ++i) {
    const PositionResult& position = c.positions[i];
    const double difference =
        position.top ? position.top->max_abs_diff : position.metrics.max_abs_diff;
    if (std::isnan(difference)) {
      c.max_absolute_diff = std::numeric_limits<double>::quiet_NaN();
    } else if (difference > c.max_absolute_diff) {  // never true once it is NaN
      c.max_absolute_diff = difference;
    }
    if (is_worse(position, c.positions[worst])) worst = i;
    if (!position.passed && !c.first_divergence) c.first_divergence = static_cast<int32_t>(i);
  }
  if (c.identical_rows < std::ssize(c.positions)) c.worst = static_cast<int32_t>(worst);
  const bool all_healthy = std::ranges::all_of(c.positions, &PositionResult::healthy);
  if (c.positions.empty() || !all_healthy) return;
  const PositionResult& farthest = c.positions[worst];
  if (farthest.top) c.passing_logprob_tol = farthest.top->max_abs_diff;
  if (c.rows == RowContent::logits) c.passing_cos_tol = farthest.metrics.cosine;
}

}  // namespace

bool passes(const PositionResult& position, const Comparison& comparison) {
  switch (comparison.requirement) {
    case Requirement::cosine:
      return position.metrics.cosine >= comparison.cos_tol;
    case Requirement::bits:
      return position.metrics.identical;
    case Requirement::log_probabilities:
      return position.top && position.top->max_abs_diff <= comparison.logprob_tol;
    case Requirement::floor:
      return true;  // judge_by_floor decides, when the floor pair is known too
  }
  return false;
}

bool are_gates_open(const Comparison& comparison) {
  return !is_refused(comparison.settings) &&
         (!comparison.mismatch || comparison.on_token_mismatch != OnTokenMismatch::stop);
}

void summarise(Comparison& c) {
  c.gates_open = are_gates_open(c);
  if (c.gates_open && c.positions.empty()) {
    c.health.push_back(
        {"nothing-compared", Side::candidate, -1, -1, "not one position was compared"});
  }
  const auto count = [&](auto&& predicate) {
    return static_cast<int32_t>(std::ranges::count_if(c.positions, predicate));
  };
  c.decode_steps = count([](const PositionResult& p) { return p.decode; });
  c.prompt_positions = static_cast<int32_t>(c.positions.size()) - c.decode_steps;
  c.identical_rows = count([](const PositionResult& p) { return p.metrics.identical; });
  c.argmax_flips = count([](const PositionResult& p) { return p.argmax_flip(); });
  c.first_divergence.reset();
  c.worst.reset();
  c.passing_cos_tol.reset();
  c.passing_logprob_tol.reset();
  c.max_absolute_diff = 0;
  find_extremes(c);
  c.verdict = verdict_of(c);
}

}  // namespace crossval
