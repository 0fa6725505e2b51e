// Attention as one operation: what it makes and how far rounding may take it, by the arithmetic
// that an engine uses.
#pragma once

#include "base/thread_pool.h"
#include "oracle/operation.h"

namespace crossval {

/// How far queries, keys and values may be from what they are given as, of the same sizes; null
/// where they are exact.
struct AttentionSlack {
  const double* queries = nullptr;
  const double* keys = nullptr;    // of the whole cache
  const double* values = nullptr;  // of the whole cache
};

/// value and bound: positions × (n_head · head_dim_v) each.
void attend_within(const Attend& how, const OracleInputs& in, const AttentionSlack& slack,
                   AttentionRounding rounding, ThreadPool& pool, double* value, double* bound);

}  // namespace crossval
