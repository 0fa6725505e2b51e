// Mixtures of experts in double: who is chosen, with which weight, and the experts' products.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "oracle/operation.h"

namespace crossval {

/// The numbers of a position's `n` experts, best first. Equal ones go by number.
std::vector<int32_t> ranking_of(const ChooseExperts& how, const double* probabilities, int64_t n);

/// Of one position with `n` experts: `how.used` numbers and their probabilities, best first.
void choose(const ChooseExperts& how, const double* probabilities, int64_t n, int32_t* chosen,
            double* out);

/// The `used` weights of one position, in place.
void weigh(const WeighChosen& how, double* weights, int64_t used);

/// positions × width: the chosen experts' rows side by side. `magnitude` as product() has it.
void expert_product(const ExpertMatMul& how, const OracleInputs& in, ProductRounding rounding,
                    ThreadPool& pool, double* out, double* magnitude = nullptr);

void softmax_of(double* row, int64_t n);

}  // namespace crossval
