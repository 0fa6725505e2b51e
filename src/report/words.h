// The stable words of results, the same in text and JSON (docs/verdicts.md).
#pragma once

#include "results/comparison.h"
#include "results/conformance.h"
#include "results/diagnosis.h"
#include "results/explanation.h"
#include "results/imatrix_comparison.h"
#include "results/suite_baseline.h"
#include "results/suite_difference.h"
#include "results/tensor_matching.h"

namespace crossval {

/// The JSON "status": "ok", "diverged", "unhealthy", "tokens-differ", "settings-differ".
const char* status_word(Verdict verdict);

/// "BOTH-FINE", "CANDIDATE-WRONG", "REFERENCE-WRONG", "BOTH-WRONG", "CANNOT-TELL".
const char* blame_word(Blame blame);

/// The JSON "status": "ok", "diverged", "cannot-tell".
const char* status_word(Blame blame);

/// "IDENTICAL", "MATCH", "DIVERGED".
const char* verdict_word(const ImatrixComparison& comparison);

/// "tie", "inputs", "candidate-router", "reference-router", "both-routers".
const char* flip_word(FlipReason reason);

/// "logits", "top", "hashes": what of the rows was compared.
const char* rows_word(RowContent rows);

/// "cos", "bits", "floor": as the command line writes it; "log-probabilities".
const char* requirement_word(Requirement requirement);

/// "stop", "use-reference", "use-candidate": likewise.
const char* mismatch_word(OnTokenMismatch policy);

/// "as-the-floor", "larger-than-the-floor", "not-enough-positions".
const char* paired_word(PairedWord word);

/// "name", "file", "values", "reordered".
const char* matched_word(MatchedBy by);

/// "recorded", "warned", "asked", "refused".
const char* weight_word(SettingWeight weight);

/// "ok", "warning", "problem".
const char* state_word(CheckState state);

/// "kept", "broken", "not-checked".
const char* keeping_word(Keeping keeping);

/// "added", "lowered", "grown", "removed".
const char* change_word(LimitChange change);

/// "fails", "worse", "mixed", "better", "passes", "gone", "added".
const char* change_word(RunChange change);

}  // namespace crossval
