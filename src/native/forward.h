// The forward pass: token ids in, logits rows out. Read it top to bottom: embed,
// layer, attend, feed_forward, head. What differs between architectures is data
// (model/architecture.h).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "native/attention.h"
#include "native/experts.h"
#include "native/kv_cache.h"
#include "native/node_names.h"
#include "native/ops.h"
#include "native/product.h"

namespace crossval {

/// What a planted fault bends.
struct Wiring {
  int64_t position_offset = 0;        // added to the position that RoPE sees
  int64_t own_key = 1;                // 1: a query sees its own key (causal)
  bool scattered_kv_heads = false;    // neighbours read different key/value heads
  bool heads_of_first_layer = false;  // every layer groups its heads as the first does
  bool ignore_stand_ins = false;      // the matrix in an attention's place is left out
  int64_t nan_layer = -1;             // this layer's output becomes NaN
  int64_t head_row_offset = 0;        // logit i comes from row i + offset of the head
  bool ignore_windows = false;        // every layer sees all positions
  bool ignore_sinks = false;          // the softmax sees keys only
  int64_t expert_offset = 0;          // expert e + offset computes in the place of e
  bool silu = false;                  // whatever activation the architecture has
};

/// One node of the graph as it is computed: `data` is positions × width. Valid during the call.
struct Node {
  const char* name;  // upstream's, without layer suffix
  const char* op;
  int64_t layer;  // -1 outside the layers
  int64_t width;
  int64_t heads;  // > 0: attention scores, width = heads × keys
  const float* data;
};
using NodeSink = std::function<bool(const Node&)>;
using LogitsSink = std::function<bool(int64_t position, std::span<const float> row)>;

class Forward {
 public:
  Forward(const Model& model, Wiring wiring, const KernelSet& kernels, ThreadPool& pool,
          KvCache cache);

  /// Evaluates a chunk at positions first … on top of the cache and hands out a row per position.
  /// False when a sink said stop or, between two layers, `stop` was asked for. `node_sink` may be
  /// empty.
  bool chunk(std::span<const int32_t> ids, int64_t first, const LogitsSink& sink,
             const NodeSink& node_sink, const std::stop_token& stop);

  /// Keys and values of the positions so far.
  const KvCache& cache() const { return cache_; }

  /// Of the feed-forward networks.
  Activation activation_function() const {
    return wiring_.silu ? Activation::silu : arch_.activation;
  }

  /// Upstream's operation of the node result_output.
  const char* logits_op() const;

 private:
  using Rows = std::vector<float>;  // positions × some width

  void embed(std::span<const int32_t> ids);
  void layer(int64_t il);
  void shape_heads(const LayerKind& kind);
  void temper_queries(int64_t il);
  void stand_in(int64_t il, const Rows& in);
  void attend(int64_t il, const Rows& in);
  struct ProjectionNames {
    const char* name;
    const char* clamped;
  };
  void project(const Linear& linear, const ProjectionNames& names, int64_t il, const Rows& in,
               Rows& out);
  void clamp_rows(const char* name, int64_t il, Rows& x);
  void project_fused(int64_t il, const Rows& in);
  void turn(int64_t il, bool query, const Norm& qk_norm, Rows& x);
  void feed_forward(int64_t il, const Rows& in);
  void ffn_post_norm(int64_t il);
  void dense(int64_t il, const Rows& in);
  void experts(int64_t il, const Rows& in);
  void shared_expert(int64_t il, const Rows& in);
  bool head(const LogitsSink& sink);

  const Rows& norm(const Norm& weights, const char* name, int64_t il, const Rows& x, Rows& out);
  void norm_rows(const Norm& weights, const NormName& name, int64_t width, const Rows& x,
                 Rows& out);
  void rotate(int64_t il, int64_t heads, Rows& x);
  void multiply(const Linear& linear, const LinearNames& names, int64_t il, const Rows& x,
                Rows& out);
  void multiply(const ExpertLinear& linear, const Route& route, const LinearNames& names,
                int64_t il, const Rows& x, Rows& out);
  struct Strided {
    const float* data = nullptr;
    int64_t stride = 0;
  };
  void activate(int64_t rows, Strided gate, Strided up, int64_t width);
  void scale(Rows& x, float by);
  void show(const NodeName& node, int64_t il, const Rows& x, int64_t heads = 0);

  const Model& model_;
  const Architecture& arch_;
  const Hparams& hp_;
  Wiring wiring_;
  const KernelSet& kernels_;
  ThreadPool& pool_;
  KvCache cache_;
  AttentionShape shape_;
  AttentionTrace scores_;

  // The chunk under way, and its buffers.
  const NodeSink* nodes_ = nullptr;
  bool stopped_ = false;
  int64_t first_ = 0;
  int64_t n_ = 0;
  Rows x_;           // residual stream, n_embd
  Rows h_, h2_, f_;  // normalised, n_embd
  Rows qkv_, q_, k_, v_;
  Rows att_;  // merged heads
  Rows a_;    // the attention's output where it waits for the feed-forward network's
  Rows gate_, up_;
  Rows y_;       // a block's output, n_embd
  Rows routed_;  // selected experts' outputs, n_expert_used · n_embd
  Rows logits_;  // of some positions, n_vocab
  PackedRows packed_;
};

}  // namespace crossval
