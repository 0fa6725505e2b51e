// Evaluates ids in one batch, and one by one where that is not finite.
//
// A batch may spread what is not finite to rows before its own, as 0 × NaN of keys that a row does
// not see. The first such row of a batch is therefore a reason to look again, and no finding.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "base/error.h"
#include "results/health.h"

namespace crossval {

/// How far an evaluation came.
struct Progress {
  size_t rows = 0;                     // taken, from the first on
  std::optional<HealthFinding> ill{};  // the first row that is not finite
  bool of_batch_alone = false;         // ill in a batch, and finite one by one
  bool more = true;                    // false: there is no sense in going on
};

struct Evaluation {
  /// Evaluates `count` ids, the `at`-th the first, those before having been evaluated. With
  /// `give_up` it ends at a row that is not finite, without taking it.
  std::function<Result<Progress>(size_t at, size_t count, bool give_up)> run;
  /// Evaluates again what has been taken, after a run that gave up.
  std::function<Result<void>()> again;
};

/// Evaluates `count` ids, or up to and with the first that is ill by itself. One that cannot go
/// step by step (`can_step`) is taken at its batch. Errors: those of `evaluation`.
Result<Progress> evaluate_carefully(size_t count, bool can_step, const Evaluation& evaluation);

}  // namespace crossval
