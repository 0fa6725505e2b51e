// One model, one context, one sequence.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api.h"
#include "cache_rows.h"
#include "node_sources.h"
#include "options.h"
#include "protocol/request.h"
#include "tensor_rows.h"

namespace crossval_llama {

/// One node of the graph of one micro-batch, or rows of the cache.
struct TracedNode {
  std::string name;
  std::string op;
  int32_t occurrence = 0;  // how often (name, op) came before in this graph
  int32_t layer = -1;
  int32_t first_position = 0;
  TensorRows rows;
  NodeSources sources;
};

/// What the graph itself tells about the model.
struct GraphFacts {
  std::string activation_function;  // between the feed-forward matrices: "silu", "squared relu"
  uint32_t learned_positions = 0;   // rows of position_embd.weight; 0: there is none
  bool flash_attention = false;
  std::set<const ggml_tensor*> matrices;  // weights that are multiplied with
  bool whole = false;                     // down to the logits
};

using RowSink = std::function<void(int32_t position, std::span<const float> row)>;
using NodeSink = std::function<void(const TracedNode&)>;
using StopAsked = std::function<bool()>;

class Session {
 public:
  /// Throws Failure: the model cannot be loaded (input), the context cannot be made (engine).
  Session(const Options& options, StopAsked stop_asked);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::vector<llama_token> tokenize(std::string_view text, bool add_special, bool parse_special);
  std::string piece(llama_token id) const;
  bool is_end_of_generation(llama_token id) const;

  /// Rows in order of position; fewer than asked for when a stop was asked. Throws Failure.
  crossval::Outcome evaluate(const crossval::EvaluateRequest& request, const RowSink& sink);
  /// The selected nodes of every micro-batch, then the state; likewise.
  crossval::Outcome trace(const crossval::TraceRequest& request, const NodeSink& sink);

  const llama_model* model() const { return model_.get(); }
  const llama_context* context() const { return context_.get(); }  // null with tokens_only
  llama_context* context() { return context_.get(); }
  const era::Vocab* vocab() const { return era::vocab_of(model_.get()); }
  /// Positions that fit into the context and, where the model has learned its positions, into
  /// those: llama.cpp ends itself beyond them. Needs a context.
  uint32_t n_ctx() const;
  /// Whether rows of the cache can be read. Needs a context.
  bool shows_state() const { return shows_state_; }
  const GraphFacts& graph() const { return graph_; }  // empty with tokens_only

 private:
  void load_model(const Options& options);
  void make_context(const Options& options);
  void look_at_graph();
  void look_at_node(const ggml_tensor* node);
  void check_ids(std::span<const llama_token> ids, int32_t first) const;
  void decode(std::span<const llama_token> ids, int32_t first, int32_t rows_from,
              const RowSink& sink);
  bool on_node(ggml_tensor* node, bool ask);
  bool is_wanted(const ggml_tensor* node);
  void show_state(const crossval::Selection& selection, const NodeSink& sink) const;

  StopAsked stop_asked_;
  era::Devices devices_;
  Model model_;
  Context context_;
  GraphFacts graph_;
  int32_t evaluated_ = 0;  // positions in the cache

  bool looking_ = false;  // at the nodes of the graph
  bool giving_up_ = false;
  bool stops_within_ = true;                // a part of a batch, and not at its end alone
  const ggml_tensor* rectified_ = nullptr;  // the last relu seen

  bool shows_state_ = false;

  // The trace under way.
  const NodeSink* nodes_ = nullptr;
  const crossval::Selection* selection_ = nullptr;
  int32_t chunk_first_ = 0;
  int32_t chunk_positions_ = 0;
  std::map<std::pair<std::string, std::string>, int32_t> occurrences_;
  int32_t occurrence_ = 0;  // of the node last asked for
  NodeLabels labels_;
  CacheRows cache_;
};

}  // namespace crossval_llama
