// The forward pass: token ids in, logits rows out. Read Forward::layers() top to bottom.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "native/attention.h"
#include "native/kv_cache.h"
#include "native/ops.h"
#include "native/product.h"

namespace crossval {

/// What the architecture leaves open, and what a planted fault bends.
struct Wiring {
  RopePairs rope_pairs = RopePairs::adjacent;
  int64_t position_offset = 0;                   // added to the position that RoPE sees
  int64_t own_key = 1;                           // 1: a query sees its own key (causal)
  std::function<int64_t(int64_t head)> kv_head;  // key/value head of a query head
  int64_t nan_layer = -1;                        // this layer's output becomes NaN
  int64_t head_row_offset = 0;                   // logit i comes from row i + offset of the head
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
  /// False when a sink said stop. `node_sink` may be empty.
  bool chunk(std::span<const int32_t> ids, int64_t first, const LogitsSink& sink,
             const NodeSink& node_sink);

 private:
  bool embed(std::span<const int32_t> ids);
  bool layer(int64_t il);
  bool attend(int64_t il);
  bool feed_forward(int64_t il);
  bool head(const LogitsSink& sink);

  void norm(const std::vector<float>& x, const Vector& weight, std::vector<float>& out);
  void rotate(std::vector<float>& x, int64_t heads, const Vector& factors);
  void multiply(const Matrix& matrix, const std::vector<float>& x, std::vector<float>& out);
  void add_bias(const Vector& bias, std::vector<float>& x);
  bool show(const char* name, const char* op, int64_t il, const std::vector<float>& x,
            int64_t heads = 0);
  bool show_norm(const char* name, int64_t il, const std::vector<float>& x, const Vector& weight);

  const Model& model_;
  Wiring wiring_;
  const KernelSet& kernels_;
  ThreadPool& pool_;
  KvCache cache_;
  AttentionShape shape_;
  AttentionTrace scores_;

  // The chunk under way, and its buffers: each positions × its width.
  const NodeSink* nodes_ = nullptr;
  int64_t first_ = 0;
  int64_t n_ = 0;
  std::vector<float> x_;  // residual stream, n_embd
  std::vector<float> h_;  // normalised, n_embd
  std::vector<float> q_, k_, v_;
  std::vector<float> att_;  // merged heads
  std::vector<float> gate_, up_;
  std::vector<float> y_;       // a block's output, n_embd
  std::vector<float> logits_;  // of some positions, n_vocab
  PackedRows packed_;
};

}  // namespace crossval
