// Computes a graph in the reference's arithmetic (docs/arithmetic.md).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "kernels/kernels.h"
#include "local/computation.h"
#include "native/attention.h"
#include "native/kv_cache.h"
#include "native/product.h"
#include "native/value_buffers.h"

namespace crossval {

class Executor : public Computation {
 public:
  /// `graph` is kept by reference. `floats`: in F32, where the graph has layers whose keys and
  /// values are not rounded.
  Executor(const Graph& graph, const KernelSet& kernels, int threads, KvCache cache,
           std::optional<KvCache> floats = {});

  bool chunk(std::span<const int32_t> ids, int64_t first, int64_t rows_from, const LogitsSink& sink,
             const Observer& observer, const std::stop_token& stop) override;
  std::vector<float> key_rows(int64_t layer, int64_t first, int64_t n) const override {
    return cache_of(layer).key_rows(layer, first, n);
  }
  std::vector<float> value_rows(int64_t layer, int64_t first, int64_t n) const override {
    return cache_of(layer).value_rows(layer, first, n);
  }

 private:
  bool head(int64_t rows_from, const LogitsSink& sink, const std::stop_token& stop);
  void compute(size_t op);
  bool observe(const Observer& observer, size_t op);

  void run(const EmbedTokens& a, const Op& op);
  void run(const EmbedPositions& a, const Op& op);
  void run(const Normalise& a, const Op& op);
  void run(const Weigh& a, const Op& op);
  void run(const AddBias& a, const Op& op);
  void run(const Divide& a, const Op& op);
  void run(const MatMul& a, const Op& op);
  void run(const Scale& a, const Op& op);
  void run(const Clamp& a, const Op& op);
  void run(const SoftCap& a, const Op& op);
  void run(const Add& a, const Op& op);
  void run(const Columns& a, const Op& op);
  void run(const JoinHeads& a, const Op& op);
  void run(const Rotate& a, const Op& op);
  void run(const Temper& a, const Op& op);
  void run(const Attend& a, const Op& op);
  void run(const GateBy& a, const Op& op);
  void run(const Activate& a, const Op& op);
  void run(const RouteProbabilities& a, const Op& op);
  void run(const ChooseExperts& a, const Op& op);
  void run(const WeighChosen& a, const Op& op);
  void run(const ExpertMatMul& a, const Op& op);
  void run(const ExpertScale& a, const Op& op);
  void run(const ExpertBias& a, const Op& op);
  void run(const WeighExperts& a, const Op& op);
  void run(const SumExperts& a, const Op& op);
  void run(const Poison& a, const Op& op);
  void run(const Roll& a, const Op& op);

  void run_as_floats(const MatMul& a, const Op& op);

  const KvCache& cache_of(int64_t layer) const {
    return float_layers_.contains(layer) ? *floats_ : cache_;
  }
  int64_t width(ValueId value) const { return graph_.width(value); }
  /// Of the chunk's positions, or of the block that the head is computed for.
  const float* in(ValueId value);
  float* out(const Op& op) { return buffers_.of(op.output); }
  /// The first input's values where the output goes: for operations that work in place.
  float* copied(const Op& op);
  /// Calls body(position) for each, on several threads.
  void rows(const std::function<void(int64_t)>& body);
  using RowBody = std::function<void(float* x, int64_t width, int64_t index)>;
  /// For an operation that works in place: body changes the row of each position.
  void in_place(const Op& op, const RowBody& body);
  /// The same with a row's parts, one for each of the position's values of the second input.
  void parts_in_place(const Op& op, const RowBody& body);
  /// A value packed as a weight format's partner, in rows of n values: once for all its readers.
  const PackedRows& packed(ValueId value, ActivationType type, int64_t n);

  const Graph& graph_;
  std::vector<bool> of_body_;  // by value: made before the head
  const KernelSet& kernels_;
  ThreadPool pool_;
  KvCache cache_;
  std::optional<KvCache> floats_;
  std::set<int64_t> float_layers_;  // that are kept there
  ValueBuffers buffers_;

  // The chunk under way.
  std::span<const int32_t> ids_;
  int64_t first_ = 0;  // position of its first id
  int64_t n_ = 0;      // positions that are computed at once
  int64_t block_ = 0;  // of the head's blocks: positions of the chunk before it
  bool in_head_ = false;
  bool traced_ = false;  // attention keeps its inner values
  AttentionTrace inner_;
  std::map<ValueId, std::vector<int32_t>> chosen_;  // experts, best first
  std::vector<float> ranking_;                      // of the last choice, when somebody looks
  struct Packed {
    ValueId value = -1;
    PackedRows rows;
  };
  std::map<ActivationType, Packed> packed_;
  PackedRows gathered_;  // of one expert's positions
  std::vector<float> expert_out_;
};

}  // namespace crossval
