// Choices of experts: how near another one was, and what a layer makes of another engine's.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "oracle/operation.h"
#include "oracle/rounding.h"
#include "results/explanation.h"

namespace crossval {

/// The weakest expert that was chosen beside the strongest that was left out.
struct ChoiceMargin {
  int64_t slot = 0;                 // of the weakest, among the chosen
  double chosen = 0, left_out = 0;  // by what they are ranked
  double bound = 0;                 // that rounding keeps both within

  /// Within kLimit of 0 rounding decides; below -kLimit the choice is wrong.
  double units() const;
};

/// Of one position: `keys` of n experts within `bounds`, without the bias that only selects.
/// Infinite where nobody is left out or the keys are no numbers.
ChoiceMargin margin_of(const ChooseExperts& how, const double* keys, const double* bounds,
                       int64_t n, std::span<const int32_t> chosen);

/// Whether two choices are of the same experts, in whatever order.
bool same_experts(std::vector<int32_t> a, std::vector<int32_t> b);

/// Follows the first position of each layer that another engine sent to other experts through
/// those, on this engine's own inputs.
class ForcedRouting {
 public:
  /// Of the experts, at the position that was followed.
  struct Sum {
    int32_t position = -1;
    std::vector<double> forced;  // under the other's choice
    std::vector<double> own;     // as the engine has it; empty where that is not known
  };

  /// Both are kept by reference.
  ForcedRouting(const Graph& graph, const Routing& other) : graph_(graph), other_(other) {}

  /// An operation as it comes; `chosen` are the experts of the positions in `in`, where it is a
  /// choice.
  void take(size_t op, const OracleInputs& in, std::span<const int32_t> chosen,
            const Rounding& rounding, ThreadPool& pool);

  /// What the engine itself made of an operation: rows from the position `first` on.
  void take_own(size_t op, int64_t first, const std::vector<double>& values);
  /// A trace begins anew.
  void clear();

  /// By the operation that sums the experts of a layer.
  const std::map<size_t, Sum>& sums() const { return sums_; }

 private:
  /// One position of a value under the other choice.
  struct Row {
    int32_t position = -1;
    std::vector<double> values;
    std::vector<int32_t> chosen;
  };

  void begin(const ChooseExperts& how, size_t op, const OracleInputs& in,
             std::span<const int32_t> chosen);

  const Graph& graph_;
  const Routing& other_;
  std::map<ValueId, Row> rows_;     // of the layer under way
  std::map<int64_t, int32_t> met_;  // by layer: the position that is followed
  std::map<size_t, Sum> sums_;
};

}  // namespace crossval
