// One engine's part of an explanation: what it shows, in which arithmetic it computes, and how each
// operation is judged.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/thread_pool.h"
#include "engine/engine.h"
#include "explain/arithmetic.h"
#include "explain/judge.h"
#include "explain/trace_map.h"
#include "graph/op.h"
#include "graph/upstream_names.h"
#include "model/model.h"
#include "protocol/request.h"
#include "results/explanation.h"

namespace crossval {

/// The model that both engines should have computed.
struct Truth {
  std::unique_ptr<Model> model;
  Graph graph;
  std::vector<OpNames> names;
};

/// Values of an engine by operation: positions × width of the last positions of the prompt.
using EngineValues = std::map<size_t, std::vector<float>>;

class Account {
 public:
  /// All are kept by reference. `layers`: those that are judged; what lies outside the layers is
  /// judged with them.
  Account(const Truth& truth, std::span<const TokenId> ids, Range layers, Engine& engine,
          ThreadPool& pool, const std::stop_token& stop);

  /// Traces the engine and judges it. `trace_file`: what it shows is written there, in the
  /// safetensors format; empty: nowhere. Errors: the engine's; usage (it has no trace);
  /// interrupted; cannot_write.
  Result<JudgedEngine> run(const std::string& trace_file);

  /// Before run(): what the engine makes of these choices of experts where its own are others;
  /// kept by reference.
  void force_routing(const Routing& other) { judge_.force_routing(other); }
  /// What came of it; null without any.
  const ForcedRouting* forced() const { return judge_.forced(); }
  /// The engine's values of operations at one position each. Errors: the engine's; interrupted.
  Result<std::map<size_t, std::vector<float>>> rows_at(
      const std::map<size_t, int32_t>& positions) const;

  /// Of an engine without a trace: nothing is judged, and its logits are known. Errors: the
  /// engine's; interrupted.
  Result<JudgedEngine> run_closed();

  /// Once more, after run(): calls `look` with what the engine computed an operation from and what
  /// it made of it; fills in the values whose operations are named in `kept`.
  Result<void> look_at(size_t op, const Judge::Look& look, EngineValues& kept);

  /// The engine's values at the last position, by operation; empty where it shows none.
  const std::vector<std::vector<float>>& last_rows() const { return last_rows_; }
  const std::vector<float>& logits() const { return last_rows_.back(); }
  const std::vector<int64_t>& chunks() const { return judge_.chunks(); }
  const EngineArithmetic& arithmetic() const { return arithmetic_; }

 private:
  using Tap = std::function<Result<bool>(const TraceTensor&)>;  // whether the trace goes on

  Result<void> learn();
  /// `tap` sees every tensor after it was judged and may end the trace; may be empty.
  Result<void> trace(const EngineArithmetic& arithmetic, ArithmeticFit* fit, size_t looked_at,
                     const Judge::Look& look, const Tap& tap);
  /// The engine's values, for what the judge has begun.
  Result<void> show(const Tap& tap);
  bool needs_another_look() const;
  JudgedEngine summary() const;
  bool has_coded_cache() const;
  /// In types that no arithmetic of attention may fit: codes, keys in another than values, or any
  /// but the declared one where attention is not shown and nothing can be fitted.
  bool may_be_unknown() const;

  const Truth& truth_;
  std::span<const TokenId> ids_;
  Range layers_;
  Engine& engine_;
  TraceMap map_;
  Judge judge_;
  const std::stop_token& stop_;
  std::vector<std::string> wanted_;
  std::vector<std::string> without_partner_;
  EngineArithmetic arithmetic_;
  bool unknown_cache_ = false;  // in codes that are none of attention's known arithmetics
  std::vector<std::vector<float>> last_rows_;
};

}  // namespace crossval
