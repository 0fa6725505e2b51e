// Judges an engine's trace operation by operation: each value against what the oracle makes of the
// engine's own inputs. Tensors are judged as they arrive; what nobody reads any more is dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "explain/arithmetic.h"
#include "explain/expectation.h"
#include "explain/routing.h"
#include "explain/trace_map.h"
#include "graph/op.h"
#include "protocol/answers.h"
#include "results/explanation.h"

namespace crossval {

/// The worst of a value's errors, in units of what it was expected to be within. `value`: positions
/// × width, the positions from `first` on.
LocalError local_error(const float* value, const KnownValue& expected, int64_t first,
                       int64_t width);

class Judge {
 public:
  /// All are kept by reference. `ids`: of the whole trace, from position 0 on.
  Judge(const Graph& graph, TraceMap& map, std::span<const int32_t> ids, ThreadPool& pool);

  /// A cache in codes: attention is tried in them, too.
  void expect_cache(CacheCodes keys, CacheCodes values) { codes_of_cache_ = {keys, values}; }
  /// Nothing is expected of attention: its arithmetic is none that is known.
  void leave_attention() { attention_is_left_ = true; }
  /// The engine computes on with more digits than it shows.
  void expect_rounding_when_shown() { rounded_when_shown_ = true; }
  /// The engine shows this operation's value, as a trace of one position has it.
  void learn(size_t op) { shown_[op] = true; }
  /// And how it ranks the experts that this operation chooses among.
  void learn_ranking(size_t op) { ranked_[op] = true; }
  /// Follows these choices where they are others than the engine's; kept by reference.
  void force_routing(const Routing& other) { forced_.emplace(graph_, other); }
  /// What was learnt is all. Where an engine leaves out one of several values of a name it is not
  /// known which: then none of them counts as shown.
  void forget_ambiguous();
  bool shows(size_t op) const { return shown_[op]; }
  bool shows_ranking(size_t op) const { return ranked_[op]; }

  /// One operation as an engine computed it.
  struct Sight {
    OracleInputs in;
    const float* value = nullptr;  // what the engine made of it, positions × width from in.first on
    int64_t width = 0;
    /// By value: what the engine showed of this chunk in this layer and the two before it; null for
    /// all else. All positions of the chunk.
    std::vector<const KnownValue*> shown{};
    std::span<const int64_t> chunks{};  // the first positions of those up to this one
    /// By value: the experts that the engine chose; empty for all else.
    std::span<const std::vector<int32_t>> chosen{};
  };
  using Look = std::function<void(const Sight& sight)>;

  /// A whole trace follows, judged in this arithmetic; with `fit`, samples are judged in all. With
  /// `look`, which is called for `looked_at`, nothing else is judged.
  void begin(EngineArithmetic arithmetic, ArithmeticFit* fit, size_t looked_at, Look look);
  /// The same trace follows once more: what another arithmetic changes is judged in that.
  void begin_again(EngineArithmetic arithmetic);
  void take(const TraceTensor& tensor);
  /// The trace is complete.
  void end();

  /// Of the chunk under way this operation and those before it are done with.
  bool is_past(size_t op) const { return next_ > op; }

  /// Of the last trace, by operation.
  const std::vector<LocalError>& errors() const { return errors_; }
  const std::vector<bool>& judged() const { return judged_; }
  /// The first positions of its chunks.
  const std::vector<int64_t>& chunks() const { return chunks_; }
  /// The engine's values at the last position, by operation; empty where it shows none.
  const std::vector<std::vector<float>>& last_rows() const { return last_rows_; }
  const Routing& routing() const { return routing_; }
  /// What came of the other engine's choices; null without any.
  const ForcedRouting* forced() const { return forced_ ? &*forced_ : nullptr; }

 private:
  void begin_chunk(int64_t first, int64_t positions);
  void advance(bool finish);
  void begin_trace();
  bool has_to_be_expected(size_t op) const;
  void route(size_t op, const OracleInputs& in, KnownValue& expected);
  void estimate(size_t op, const OracleInputs& in, const std::vector<const double*>& slacks);
  void process(size_t op);
  void judge(size_t op, const OracleInputs& in, const KnownValue& expected);
  void try_arithmetics(size_t op, const OracleInputs& in);
  void release(size_t op);
  void look(size_t op, const OracleInputs& in) const;
  OracleInputs inputs_of(size_t op);
  std::vector<AttentionRounding> attention_candidates(const Attend& how) const;

  const Graph& graph_;
  TraceMap& map_;
  std::span<const int32_t> ids_;
  ThreadPool& pool_;
  std::vector<size_t> last_uses_;
  std::vector<bool> shown_, ranked_;
  std::vector<bool> of_router_;  // leads to a choice of experts
  bool attention_is_left_ = false;
  bool rounded_when_shown_ = false;
  std::pair<CacheCodes, CacheCodes> codes_of_cache_{};  // of keys and values

  EngineArithmetic arithmetic_;
  ArithmeticFit* fit_ = nullptr;
  size_t looked_at_ = 0;
  Look look_;
  std::vector<bool> unchanged_;  // by operation: judged already
  std::vector<LocalError> errors_;
  std::vector<bool> judged_;
  std::vector<std::vector<float>> last_rows_;
  Routing routing_;
  std::optional<ForcedRouting> forced_;

  std::vector<int64_t> chunks_;  // first positions

  // The chunk under way.
  int64_t first_ = 0, positions_ = 0;
  size_t next_ = 0;                          // operation to be processed
  std::vector<std::vector<float>> arrived_;  // by operation: positions × width
  std::vector<int64_t> rows_arrived_;        // by operation
  std::vector<KnownValue> values_;           // by value
  std::vector<std::vector<int32_t>> chosen_;
  std::vector<std::vector<int32_t>> rankings_;  // by operation, as the engine shows them
  std::map<ValueId, KnownValue> estimates_;     // of a router, within what rounding does in it
  /// Keys or values of a layer, one position after the other.
  struct CacheRows {
    std::vector<double> rows, slack;
    bool exact = true;

    void add(const OracleRows& more, const double* off, int64_t positions);
  };
  struct Cache {
    CacheRows keys, values;
    bool known = true;
  };
  std::map<int64_t, Cache> cache_;  // by layer
};

}  // namespace crossval
