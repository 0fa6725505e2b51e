// Computes a whole graph operation by operation in double, with a cache of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "local/computation.h"
#include "oracle/operation.h"
#include "oracle/rounding.h"

namespace crossval {

class OracleExecutor : public Computation {
 public:
  /// `graph` is kept by reference; it has `n_layer` layers.
  OracleExecutor(const Graph& graph, int64_t n_layer, const Rounding& rounding, int threads);

  bool chunk(std::span<const int32_t> ids, int64_t first, int64_t rows_from, const LogitsSink& sink,
             const Observer& observer, const std::stop_token& stop) override;
  std::vector<float> key_rows(int64_t layer, int64_t first, int64_t n) const override;
  std::vector<float> value_rows(int64_t layer, int64_t first, int64_t n) const override;

 private:
  /// Rows of a layer's keys or values, one position after the other; none where it does not attend.
  struct CacheRows {
    int64_t width = 0;
    std::vector<double> rows;
  };

  bool head(int64_t rows_from, const LogitsSink& sink, const std::stop_token& stop);
  void run(size_t op);
  bool show_ranking(size_t op, const Observer& observer) const;
  void release(size_t op);
  /// `overwrites`: the last row before them, too.
  void store(CacheRows& cache, const OracleRows& rows, bool overwrites) const;
  std::vector<float> rows_of(const CacheRows& cache, int64_t first, int64_t n) const;

  const Graph& graph_;
  std::vector<size_t> last_uses_;
  std::vector<bool> of_body_;  // by value: made before the head
  Rounding rounding_;
  ThreadPool pool_;
  std::vector<CacheRows> keys_, values_of_keys_;  // n_layer
  std::vector<std::vector<double>> values_;       // by value; empty when it is not needed
  std::vector<std::vector<int32_t>> chosen_;      // by value: those of ChooseExperts

  // The chunk under way; in the head the block under way.
  std::span<const int32_t> ids_;
  int64_t first_ = 0;
  int64_t n_ = 0;
  int64_t block_ = 0;  // of the head: positions of the chunk before it
  bool in_head_ = false;
};

}  // namespace crossval
