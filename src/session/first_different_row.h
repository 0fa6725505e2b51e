// Where two engines' logits first differ, without comparing them: a hash for each position.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>

#include "base/error.h"
#include "engine/engine.h"
#include "session/engine_pair.h"

namespace crossval {

/// The first of `ids`' positions whose rows are not bit for bit the same; none where all are.
/// Errors: an engine's, with its side; interrupted.
Result<std::optional<int32_t>> first_different_row(const EnginePair& engines,
                                                   std::span<const TokenId> ids,
                                                   const std::stop_token& stop);

}  // namespace crossval
