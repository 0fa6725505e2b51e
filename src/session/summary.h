// From positions and findings to the figures of a run and its verdict.
#pragma once

#include "results/comparison.h"

namespace crossval {

/// What the comparison requires of a healthy position. Written so that NaN fails. The floor's
/// judgement comes later (floor_judgement.h): until then all pass.
bool passes(const PositionResult& position, const Comparison& comparison);

/// True when no gate keeps the rows from being compared.
bool are_gates_open(const Comparison& comparison);

/// Fills the derived fields and the verdict from positions, mismatch, settings and health. A
/// comparison that got past the gates and compared no position gets the finding nothing-compared.
void summarise(Comparison& comparison);

}  // namespace crossval
