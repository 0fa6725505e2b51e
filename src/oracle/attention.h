// Attention (arXiv 1706.03762, section 3.2) in double: grouped queries, windows, soft cap, ALiBi,
// sinks.
#pragma once

#include "base/thread_pool.h"
#include "oracle/operation.h"

namespace crossval {

/// `in` has the queries as its first value and the cache as keys and values. out: positions ×
/// (n_head · head_dim_v).
void attend(const Attend& how, const OracleInputs& in, AttentionRounding rounding, ThreadPool& pool,
            double* out);

}  // namespace crossval
