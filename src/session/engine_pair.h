// The two engines of a comparison, and both at work at the same time.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "results/health.h"

namespace crossval {

struct EnginePair {
  Engine& candidate;
  Engine& reference;

  Engine& of(Side side) const { return side == Side::candidate ? candidate : reference; }
};

/// "candidate native"
std::string engine_label(const EnginePair& engines, Side side);

/// The error with its engine's label at the head of its `where`, in place of "engine NAME".
Error attributed(const EnginePair& engines, Side side, Error error);

/// Calls `work` for each engine on a thread of its own and `meanwhile` on the caller's; returns
/// when all three have, however each ended. What an engine's work failed with comes back with the
/// engine's label; when both failed, both are told.
Result<void> run_both(const EnginePair& engines,
                      const std::function<Result<Outcome>(Side, Engine&)>& work,
                      const std::function<void()>& meanwhile);

}  // namespace crossval
