// One cell of `invariance`: an engine, run in some other way, beside itself as it is.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "base/error.h"
#include "engine/engine.h"
#include "results/invariance.h"

namespace crossval {

struct CellPlan {
  std::span<const TokenId> ids;
  Feeding feeding = Feeding::at_once;
  /// Engines of Feeding::together that compute other ids meanwhile.
  std::span<const std::unique_ptr<Engine>> others{};
};

/// Fills what was compared of the cell: all rows of `varied` beside those of `base`, which
/// evaluates the ids at once. Errors: an engine's, with its side; unhealthy (a row that no working
/// engine gives, or a missing one); interrupted.
Result<void> run_cell(const CellPlan& plan, Engine& varied, Engine& base,
                      const std::function<void(int32_t)>& done, const std::stop_token& stop,
                      InvarianceCell& cell);

}  // namespace crossval
