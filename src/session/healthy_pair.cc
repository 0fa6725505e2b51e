#include "session/healthy_pair.h"

#include "compare/row_metrics.h"
#include "gate/health.h"
#include "session/lockstep.h"

namespace crossval {
Result<std::vector<RowMetrics>> compare_healthy_pair(const EnginePair& engines,
                                                     std::span<const TokenId> ids,
                                                     const std::function<void(int32_t)>& done,
                                                     const std::stop_token& stop) {
  const int32_t n_vocab = engines.reference.info().settings.n_vocab;
  std::vector<RowMetrics> metrics;
  metrics.reserve(ids.size());
  LockstepPlan plan;
  plan.count = static_cast<int32_t>(ids.size());
  plan.rows_of = [&](Engine& engine, const RowSink& sink) {
    return engine.evaluate({.ids = ids}, sink);
  };
  plan.compare = [&](const RowPair& pair) -> Result<bool> {
    for (const Side side : {Side::candidate, Side::reference}) {
      if (const auto finding = check_row(side, pair.position, pair.of(side).logits, n_vocab))
        return unhealthy_logits(*finding, engine_label(engines, side));
    }
    metrics.push_back(compare_rows(pair.candidate.logits, pair.reference.logits));
    done(static_cast<int32_t>(metrics.size()));
    return true;
  };
  const auto missing = run_lockstep(engines, plan, stop);
  if (!missing) return tl::unexpected(missing.error());
  if (!missing->empty())
    return unhealthy_logits(missing->front(), engine_label(engines, missing->front().side));
  return metrics;
}

}  // namespace crossval
