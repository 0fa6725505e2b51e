// Both engines at work at the same time, their rows compared as they arrive.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "results/health.h"
#include "session/engine_pair.h"
#include "session/row_exchange.h"

namespace crossval {

struct LockstepPlan {
  int32_t first = 0;  // position of the first row
  int32_t count = 0;  // rows that each engine owes
  /// Makes one engine hand its rows to the sink; called on a thread per engine.
  std::function<Result<Outcome>(Engine&, const RowSink&)> rows_of;
  /// Called on the caller's thread for each pair, in order. False ends the run early.
  std::function<Result<bool>(const RowPair&)> compare;
};

/// Runs the plan. An engine that fails stops the other as soon as that has caught up with its rows,
/// at most RowExchange::rows_ahead. Returns rows that were missing or too many. Errors: an
/// engine's, with its side; `compare`'s; interrupted (`stop`).
Result<std::vector<HealthFinding>> run_lockstep(const EnginePair& engines, const LockstepPlan& plan,
                                                const std::stop_token& stop);

/// Errors (interrupted) when somebody asked to stop.
Result<void> check_stop(const std::stop_token& stop);

}  // namespace crossval
