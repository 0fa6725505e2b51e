// An engine under another setting beside itself as it is: how far they are apart at each position.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/error.h"
#include "results/row_metrics.h"
#include "session/engine_pair.h"

namespace crossval {

/// Both evaluate `ids` from position 0 on, in lockstep; the reference is the engine as it is.
/// `done` is told how many positions are. Errors: an engine's, with its side; unhealthy (a row that
/// no working engine gives, a missing row); interrupted.
Result<std::vector<RowMetrics>> compare_healthy_pair(const EnginePair& engines,
                                                     std::span<const TokenId> ids,
                                                     const std::function<void(int32_t)>& done,
                                                     const std::stop_token& stop);

}  // namespace crossval
