#include "native/forward.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "native/activation.h"

namespace crossval {
namespace {

constexpr int64_t kLogitsBytes = 8 << 20;  // of the buffer that logits rows are computed into
constexpr int64_t kContextStep = 256;      // upstream rounds contexts up to it

/// Names of a linear map whose last step is called `out`, whatever that is.
LinearNames last_named(const Linear& linear, const char* before_bias, const char* out) {
  const bool scale_last = linear.scale.present() && linear.scales_bias;
  if (linear.bias.present()) return {before_bias, scale_last ? nullptr : out, out};
  return {scale_last ? nullptr : out, nullptr, out};
}

/// The first key that a query sees, when there is a window.
std::function<int64_t(int64_t)> first_visible(WindowKind kind, int64_t window) {
  if (window == 0) return {};
  if (kind == WindowKind::chunked)
    return [window](int64_t position) { return position / window * window; };
  return [window](int64_t position) { return std::max<int64_t>(0, position - window + 1); };
}

}  // namespace

Forward::Forward(const Model& model, Wiring wiring, const KernelSet& kernels, ThreadPool& pool,
                 KvCache cache)
    : model_(model),
      arch_(model.architecture),
      hp_(model.hparams),
      wiring_(wiring),
      kernels_(kernels),
      pool_(pool),
      cache_(std::move(cache)) {
  shape_.head_dim_k = hp_.head_dim_k;
  shape_.head_dim_v = hp_.head_dim_v;
  shape_.scale = hp_.score_scale;
  shape_.soft_cap = hp_.score_soft_cap;
  shape_.visible = [own = wiring_.own_key](int64_t position) {
    return std::max<int64_t>(1, position + own);
  };
}

bool Forward::chunk(std::span<const int32_t> ids, int64_t first, const LogitsSink& sink,
                    const NodeSink& node_sink, const std::stop_token& stop) {
  nodes_ = node_sink ? &node_sink : nullptr;
  stopped_ = false;
  first_ = first;
  n_ = static_cast<int64_t>(ids.size());
  embed(ids);
  for (int64_t il = 0; il < hp_.n_layer && !stopped_; ++il) {
    layer(il);
    stopped_ = stopped_ || stop.stop_requested();
  }
  return !stopped_ && head(sink);
}

void Forward::embed(std::span<const int32_t> ids) {
  const Weights& w = model_.weights;
  x_.resize(static_cast<size_t>(n_ * hp_.n_embd));
  for (int64_t p = 0; p < n_; ++p) {
    w.token_embd.decode_row(ids[static_cast<size_t>(p)], x_.data() + p * hp_.n_embd);
  }
  const bool given = arch_.embedding_scale == EmbeddingScale::metadata && hp_.embedding_scale != 1;
  if (!given) show({"embd", "GET_ROWS"}, -1, x_);
  scale(x_, hp_.embedding_scale);
  if (given) show({"embd", "SCALE"}, -1, x_);
  if (arch_.embedding_scale == EmbeddingScale::sqrt_width)
    show({arch_.nodes.embedding_scaled, "SCALE"}, -1, x_);
  if (w.position_embd.present()) {
    h_.resize(x_.size());
    for (int64_t p = 0; p < n_; ++p) {
      const int64_t learned = std::min(first_ + p + wiring_.position_offset,
                                       w.position_embd.rows - 1);  // the offset is a fault's
      w.position_embd.decode_row(learned, h_.data() + p * hp_.n_embd);
    }
    show({"pos_embd", "GET_ROWS"}, -1, h_);
    add(x_.data(), h_.data(), static_cast<int64_t>(x_.size()));
    show({"inpL", "ADD"}, -1, x_);
  }
  if (w.embedding_norm.on) norm_rows(w.embedding_norm, {"inp_norm", 0}, hp_.n_embd, x_, x_);
}

void Forward::layer(int64_t il) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  const LayerKind& kind = hp_.layers[static_cast<size_t>(il)];
  if (kind.n_ff == 0 && !kind.experts) return;  // upstream drops its attention too
  const auto size = static_cast<int64_t>(x_.size());
  const auto first_norm = [&]() -> const Rows& {
    return norm(w.attn_norm, arch_.nodes.attn_norm, il, x_, h_);
  };
  const Rows& attn_in =
      w.attn_norm_2.on ? norm(w.attn_norm_2, "attn_norm_2", il, x_, h2_) : first_norm();
  if (kind.attends()) attend(il, attn_in);
  if (!kind.attends() && kind.n_head > 0) stand_in(il, attn_in);
  if (kind.n_head > 0) {
    norm(w.attn_post_norm, arch_.nodes.attn_post_norm, il, y_, y_);
    scale(y_, hp_.residual_scale);
    if (hp_.block == Block::sequential) {
      add(x_.data(), y_.data(), size);
      show({arch_.nodes.after_attention, "ADD"}, il, x_);
    } else {
      std::swap(a_, y_);
    }
  }
  const Rows& in = w.ffn_norm.on      ? norm(w.ffn_norm, arch_.nodes.ffn_norm, il, x_, f_)
                   : w.attn_norm_2.on ? first_norm()
                                      : attn_in;  // x itself where the architecture norms outputs
  feed_forward(il, in);
  ffn_post_norm(il);
  scale(y_, hp_.residual_scale);

  if (hp_.block == Block::branches) add(y_.data(), a_.data(), size);  // x + (A + F)
  add(x_.data(), y_.data(), size);
  if (hp_.block == Block::feed_first) add(x_.data(), a_.data(), size);  // (F + x) + A
  if (il == wiring_.nan_layer) x_[0] = std::numeric_limits<float>::quiet_NaN();
  show({"l_out", "ADD"}, il, x_);
}

void Forward::ffn_post_norm(int64_t il) {
  const Norm& weights = model_.weights.layers[static_cast<size_t>(il)].ffn_post_norm;
  const NodeNames& names = arch_.nodes;
  if (!weights.on) return;
  norm_rows(weights,
            {names.ffn_post_norm, names.ffn_post_norm_numbered ? il : -1,
             names.ffn_post_norm_inner_numbered ? il : -1},
            hp_.n_embd, y_, y_);
}

/// The heads of a layer, and which key/value head each reads.
void Forward::shape_heads(const LayerKind& kind) {
  if (kind.n_head == shape_.n_head && kind.n_head_kv == shape_.n_head_kv) return;
  shape_.n_head = kind.n_head;
  shape_.n_head_kv = kind.n_head_kv;
  shape_.slopes = alibi_slopes(hp_.alibi_bias, kind.n_head);
  shape_.kv_head.clear();
  const LayerKind& grouped = wiring_.heads_of_first_layer ? hp_.layers.front() : kind;
  const int64_t group = grouped.n_head / grouped.n_head_kv;
  for (int64_t head = 0; head < kind.n_head; ++head) {
    shape_.kv_head.push_back(wiring_.scattered_kv_heads ? head % kind.n_head_kv
                                                        : head / group % kind.n_head_kv);
  }
}

/// Far queries look more sharply; in upstream's types.
void Forward::temper_queries(int64_t il) {
  const int64_t width = static_cast<int64_t>(q_.size()) / n_;
  const auto length = static_cast<float>(hp_.rope.n_ctx_orig);
  for (int64_t p = 0; p < n_; ++p) {
    const double lengths = std::floor(static_cast<float>(first_ + p) / length);
    const auto by = static_cast<float>(
        std::log(lengths + 1.0) * static_cast<double>(hp_.query_temperature) + 1.0);
    for (int64_t i = 0; i < width; ++i) q_[static_cast<size_t>(p * width + i)] *= by;
  }
  show({"Qcur_attn_temp_scaled", "MUL"}, il, q_);
}

/// y_: what a layer has in the place of attention.
void Forward::stand_in(int64_t il, const Rows& in) {
  const Linear& matrix = model_.weights.layers[static_cast<size_t>(il)].wo;
  if (wiring_.ignore_stand_ins) {
    y_ = in;
  } else {
    multiply(matrix, {arch_.nodes.instead_of_attention}, il, in, y_);
  }
}

void Forward::attend(int64_t il, const Rows& in) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  const LayerKind& kind = hp_.layers[static_cast<size_t>(il)];
  const bool fused = w.qkv.present();
  if (fused) project_fused(il, in);
  if (!fused) project(w.wq, {"Qcur", "Qcur_clamped"}, il, in, q_);
  turn(il, true, w.q_norm, q_);
  scale(q_, hp_.query_scale);
  if (hp_.query_scale != 1.0F) show({arch_.nodes.scaled_query, "SCALE"}, il, q_);
  if (hp_.query_temperature != 0.0F) temper_queries(il);
  const auto values = [&] {
    if (!fused) project(w.wv, {"Vcur", "Vcur_clamped"}, il, in, v_);
  };
  if (!hp_.windowed()) values();  // upstream's order
  if (!fused) project(w.wk, {"Kcur", "Kcur_clamped"}, il, in, k_);
  turn(il, false, w.k_norm, k_);
  if (hp_.windowed()) values();

  cache_.store(il, first_, n_, k_.data(), v_.data());
  const int64_t n_head = kind.n_head;
  att_.resize(static_cast<size_t>(n_ * n_head * hp_.head_dim_v));
  shape_heads(kind);
  const int64_t window = wiring_.ignore_windows ? 0 : kind.window;
  shape_.first_visible = first_visible(arch_.window.kind, window);
  shape_.sinks = wiring_.ignore_sinks ? nullptr : w.sinks.data;
  attention(kernels_, pool_, shape_, cache_, il, first_, n_, q_.data(), att_.data(),
            nodes_ ? &scores_ : nullptr);
  show({"kq", "MUL_MAT"}, il, scores_.scores, n_head);
  show({"kq_soft_max", "SOFT_MAX"}, il, scores_.probabilities, n_head);
  show({arch_.nodes.heads, "CONT"}, il, att_);

  if (w.attn_gate.present()) {
    multiply(w.attn_gate, {arch_.nodes.attn_gate}, il, in, gate_);
    gate_heads(arch_.attn_gate, gate_, att_);
    show({arch_.nodes.attn_gated, "MUL"}, il, att_);
  }
  if (w.attn_sub_norm.on)
    norm_rows(w.attn_sub_norm, {"attn_sub_norm", il}, n_head * hp_.head_dim_v, att_, att_);
  multiply(w.wo, last_named(w.wo, nullptr, arch_.nodes.attn_out), il, att_, y_);
}

void Forward::project(const Linear& linear, const ProjectionNames& names, int64_t il,
                      const Rows& in, Rows& out) {
  // Where the norm spans all heads, upstream names the result only.
  const bool last_only = arch_.qk_norm == QkNorm::whole;
  multiply(
      linear,
      last_only ? last_named(linear, nullptr, names.name) : LinearNames{names.name, names.name}, il,
      in, out);
  clamp_rows(names.clamped, il, out);
}

void Forward::clamp_rows(const char* name, int64_t il, Rows& x) {
  if (hp_.clamp_qkv == 0.0F) return;
  clamp(x.data(), static_cast<int64_t>(x.size()), hp_.clamp_qkv);
  show({name, "CLAMP"}, il, x);
}

void Forward::project_fused(int64_t il, const Rows& in) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  multiply(w.qkv, {"wqkv", "wqkv_b"}, il, in, qkv_);
  clamp_rows("wqkv_clamped", il, qkv_);
  const LayerKind& kind = hp_.layers[static_cast<size_t>(il)];
  const int64_t widths[] = {hp_.q_width(kind), hp_.k_width(kind), hp_.v_width(kind)};
  Rows* const parts[] = {&q_, &k_, &v_};
  split_columns(qkv_, widths, parts);
}

/// The norm of queries or keys and RoPE.
void Forward::turn(int64_t il, bool query, const Norm& qk_norm, Rows& x) {
  const LayerKind& kind = hp_.layers[static_cast<size_t>(il)];
  const int64_t heads = query ? kind.n_head : kind.n_head_kv;
  const NodeNames& names = arch_.nodes;
  const auto normalise = [&] {
    if (!qk_norm.on) return;
    const int64_t width = arch_.qk_norm == QkNorm::whole ? heads * hp_.head_dim_k : hp_.head_dim_k;
    norm_rows(qk_norm, {query ? names.q_normed : names.k_normed, il}, width, x, x);
  };
  if (!arch_.qk_norm_after_rope) normalise();
  if (kind.rope) {
    rotate(il, heads, x);
    show({query ? names.q_rotated : names.k_rotated, "ROPE"}, il, x);
  }
  if (arch_.qk_norm_after_rope) normalise();
}

void Forward::feed_forward(int64_t il, const Rows& in) {
  if (hp_.layers[static_cast<size_t>(il)].experts) {
    experts(il, in);
  } else {
    dense(il, in);
  }
}

void Forward::dense(int64_t il, const Rows& in) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  if (w.gate.present()) multiply(w.gate, {"ffn_gate", "ffn_gate_b", "ffn_gate_s"}, il, in, gate_);
  multiply(w.up, {"ffn_up", "ffn_up_b", "ffn_up_s"}, il, in, up_);
  const int64_t height = w.up.matrix.rows;
  bool gated = true;
  if (w.gate.present()) {
    activate(n_, {gate_.data(), height}, {up_.data(), height}, height);
  } else if (arch_.gate == Gate::fused) {
    activate(n_, {up_.data(), height}, {up_.data() + height / 2, height}, height / 2);
  } else {
    activate(n_, {up_.data(), height}, {}, height);
    gated = false;
  }
  show(activation_node(arch_.activation, gated), il, gate_);
  if (w.activation_divisor.present()) {
    divide_rows(gate_, w.activation_divisor);
    show({"ffn_act", "DIV"}, il, gate_);
  }
  if (w.ffn_sub_norm.on)
    norm_rows(w.ffn_sub_norm, {"ffn_sub_norm", il}, w.down.matrix.cols, gate_, gate_);
  const char* out = arch_.nodes.ffn_out;
  multiply(w.down, last_named(w.down, "ffn_down", out), il, gate_, y_);
}

void Forward::experts(int64_t il, const Rows& in) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  multiply(w.router, {"ffn_moe_logits", biased_logits(hp_.gating)}, il, in, gate_);
  Route r = route(kernels_, hp_, w.selection_bias, gate_, n_);
  for (int32_t& expert : r.expert)
    expert = static_cast<int32_t>((expert + wiring_.expert_offset) % hp_.n_expert);
  show(gating_node(hp_.gating), il, r.probabilities);
  show({"ffn_moe_weights", "GET_ROWS"}, il, r.selected);

  const bool gated = w.expert_gate.present();
  if (gated) {
    multiply(w.expert_gate, r, {"ffn_moe_gate", "ffn_moe_gate_biased", "ffn_moe_gate_scaled"}, il,
             in, gate_);
  }
  multiply(w.expert_up, r, {"ffn_moe_up", "ffn_moe_up_biased", "ffn_moe_up_scaled"}, il, in, up_);
  const int64_t width = w.expert_up.matrix.rows;
  const int64_t rows = n_ * r.used;
  if (gated) {
    activate(rows, {gate_.data(), width}, {up_.data(), width}, width);
  } else {
    activate(rows, {up_.data(), width}, {}, width);
  }
  show(expert_activation_node(arch_.activation, gated), il, gate_);
  multiply(w.expert_down, r, {"ffn_moe_down", "ffn_moe_down_biased", "ffn_moe_down_scaled"}, il,
           gate_, routed_);
  y_.resize(static_cast<size_t>(n_ * hp_.n_embd));
  sum_experts(r, hp_.n_embd, routed_.data(), y_.data());
  show({"ffn_moe_weighted", "MUL"}, il, routed_);
  show({"ffn_moe_out", "ADD"}, il, y_);
  if (w.shared_up.present()) shared_expert(il, in);
}

/// y_ += the network that every position goes through.
void Forward::shared_expert(int64_t il, const Rows& in) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  const int64_t width = hp_.n_ff_shared;
  std::swap(routed_, y_);
  const bool gated = w.shared_gate.present();
  if (gated) multiply(w.shared_gate, {"ffn_gate"}, il, in, gate_);
  multiply(w.shared_up, {"ffn_up"}, il, in, up_);
  if (gated) {
    activate(n_, {gate_.data(), width}, {up_.data(), width}, width);
  } else {
    activate(n_, {up_.data(), width}, {}, width);
  }
  show(activation_node(arch_.activation, gated), il, gate_);
  multiply(w.shared_down, {arch_.nodes.shared_out}, il, gate_, y_);
  if (w.shared_router.present()) {
    multiply(w.shared_router, {"ffn_shexp_gate_inp"}, il, in, gate_);
    gate_rows(gate_, hp_.n_embd, y_);
    show({"ffn_shexp_out", "MUL"}, il, y_);
  }
  add(y_.data(), routed_.data(), static_cast<int64_t>(y_.size()));
  show({"ffn_out", "ADD"}, il, y_);
}

bool Forward::head(const LogitsSink& sink) {
  const Linear& output = model_.weights.output;
  const int64_t width = hp_.n_embd;
  const int64_t rows = output.matrix.rows;
  norm(model_.weights.output_norm, "result_norm", -1, x_, h_);
  const int64_t block =
      std::max<int64_t>(1, kLogitsBytes / static_cast<int64_t>(sizeof(float)) / rows);
  const int64_t positions = n_;
  const Rows all = std::move(h_);
  for (int64_t p = 0; p < positions && !stopped_; p += block) {
    n_ = std::min(block, positions - p);
    h_.assign(all.begin() + p * width, all.begin() + (p + n_) * width);
    multiply(output, {}, -1, h_, logits_);
    scale(logits_, hp_.logit_scale);
    soft_cap(logits_.data(), static_cast<int64_t>(logits_.size()), hp_.logit_soft_cap);
    for (int64_t i = 0; i < n_; ++i) {
      const auto row = logits_.begin() + i * rows;
      std::rotate(row, row + wiring_.head_row_offset, row + rows);
      if (!sink(first_ + p + i, {logits_.data() + i * rows, static_cast<size_t>(rows)}))
        return false;
    }
  }
  return !stopped_;
}

const char* Forward::logits_op() const {
  if (hp_.logit_soft_cap != 0.0F || hp_.logit_scale != 1.0F) return "SCALE";
  return model_.weights.output.bias.present() ? "ADD" : "MUL_MAT";
}

/// The norm of rows of n_embd, or x itself where the architecture has none.
const Forward::Rows& Forward::norm(const Norm& weights, const char* name, int64_t il, const Rows& x,
                                   Rows& out) {
  if (!weights.on) return x;  // NOLINT(bugprone-return-const-ref-from-parameter): x is a member
  norm_rows(weights, {name, il}, hp_.n_embd, x, out);
  return out;
}

/// Rows of `width` values, each alone; weights and bias repeat from row to row.
void Forward::norm_rows(const Norm& weights, const NormName& name, int64_t width, const Rows& x,
                        Rows& out) {
  const auto rows = static_cast<int64_t>(x.size()) / width;
  const auto pass = [&](const Vector& weight, const Vector& bias, const Rows& from, Rows& to) {
    to.resize(from.size());
    pool_.parallel_for(rows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const auto repeated = [&](const Vector& v) {
          return v.present() ? v.data + r * width % v.size : nullptr;
        };
        (arch_.norm == NormKind::rms ? rms_norm : layer_norm)(
            from.data() + r * width, repeated(weight), repeated(bias), hp_.norm_eps, width,
            to.data() + r * width);
      }
    });
  };
  if (nodes_ != nullptr) {  // the steps on the way
    const char* op = arch_.norm == NormKind::rms ? "RMS_NORM" : "NORM";
    Rows step;
    pass({}, {}, x, step);
    if (weights.weight.present()) {
      show({"norm", op}, name.inner_layer, step);
    } else {
      show({name.name, op}, name.layer, step);
    }
    if (weights.bias.present()) {
      pass(weights.weight, {}, x, step);
      show({"norm_w", "MUL"}, name.inner_layer, step);
    }
  }
  pass(weights.weight, weights.bias, x, out);
  if (weights.weight.present())
    show({name.name, weights.bias.present() ? "ADD" : "MUL"}, name.layer, out);
}

void Forward::rotate(int64_t il, int64_t heads, Rows& x) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  const Rope& rope = hp_.layers[static_cast<size_t>(il)].window > 0 ? hp_.window_rope : hp_.rope;
  const int64_t context = (cache_.capacity() + kContextStep - 1) / kContextStep * kContextStep;
  const Vector& factors = w.rope_factors.present()        ? w.rope_factors
                          : context > hp_.rope.n_ctx_orig ? w.rope_long
                                                          : w.rope_short;
  pool_.parallel_for(n_, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> table(static_cast<size_t>(rope.n_rot));
    for (int64_t p = begin; p < end; ++p) {
      rope_table(rope, factors.data, first_ + p + wiring_.position_offset, table.data());
      for (int64_t head = 0; head < heads; ++head) {
        rope_rotate(table.data(), rope.n_rot, rope.pairs,
                    x.data() + (p * heads + head) * hp_.head_dim_k);
      }
    }
  });
}

void Forward::multiply(const Linear& linear, const LinearNames& names, int64_t il, const Rows& x,
                       Rows& out) {
  const Matrix& matrix = linear.matrix;
  out.resize(static_cast<size_t>(n_ * matrix.rows));
  product(kernels_, pool_, matrix, x.data(), n_, packed_, out.data());
  const bool scaled = linear.scale.present();
  if (scaled && !linear.scales_bias) scale(out, linear.scale.data[0]);
  show({names.product, scaled && !linear.scales_bias ? "MUL" : "MUL_MAT"}, il, out);
  if (linear.bias.present()) {
    for (int64_t p = 0; p < n_; ++p)
      add(out.data() + p * matrix.rows, linear.bias.data, matrix.rows);
    show({names.sum, "ADD"}, il, out);
  }
  if (scaled && linear.scales_bias) {
    scale(out, linear.scale.data[0]);
    show({names.scaled, "MUL"}, il, out);
  }
}

/// The same through each position's selected experts. x: one row per position, or one per position
/// and selected expert. out: the latter.
void Forward::multiply(const ExpertLinear& linear, const Route& r, const LinearNames& names,
                       int64_t il, const Rows& x, Rows& out) {
  const int64_t rows = linear.matrix.rows;
  const int64_t cols = linear.matrix.cols;
  const auto slots = static_cast<int64_t>(r.expert.size());
  const int64_t readers = static_cast<int64_t>(x.size()) / cols;
  const int64_t share = std::max<int64_t>(1, slots / readers);  // slots that read a row
  out.resize(static_cast<size_t>(slots * rows));
  for (int64_t e = 0; e < hp_.n_expert; ++e) {
    std::vector<int64_t> mine;
    for (int64_t s = 0; s < slots; ++s)
      if (r.expert[static_cast<size_t>(s)] == e) mine.push_back(s);
    if (mine.empty()) continue;
    const auto n = static_cast<int64_t>(mine.size());
    Rows in(static_cast<size_t>(n * cols));
    Rows result(static_cast<size_t>(n * rows));
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(x.data() + mine[static_cast<size_t>(i)] / share * cols, cols,
                  in.data() + i * cols);
    product(kernels_, pool_, linear.expert(e), in.data(), n, packed_, result.data());
    if (linear.scale.present()) scale(result, linear.scale.data[e]);
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(result.data() + i * rows, rows, out.data() + mine[static_cast<size_t>(i)] * rows);
  }
  show(linear.scale.present() ? NodeName{names.scaled, "MUL"}
                              : NodeName{names.product, "MUL_MAT_ID"},
       il, out);
  if (!linear.bias.present()) return;
  for (int64_t s = 0; s < slots; ++s)
    add(out.data() + s * rows, linear.bias.data + r.expert[static_cast<size_t>(s)] * rows, rows);
  show({names.sum, "ADD_ID"}, il, out);
}

/// gate_ (rows × width) = act(gate) · up, or act(gate) without up.
void Forward::activate(int64_t rows, Strided gate, Strided up, int64_t width) {
  gate_.resize(static_cast<size_t>(rows * width));
  const Activation kind = activation_function();
  pool_.parallel_for(rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      activation(kernels_, kind, gate.data + r * gate.stride,
                 up.data == nullptr ? nullptr : up.data + r * up.stride, width,
                 gate_.data() + r * width);
    }
  });
}

void Forward::scale(Rows& x, float by) {
  if (by == 1.0F) return;
  for (float& value : x) value *= by;
}

void Forward::show(const NodeName& node, int64_t il, const Rows& x, int64_t heads) {
  if (nodes_ == nullptr || stopped_ || node.name == nullptr) return;
  stopped_ =
      !(*nodes_)({node.name, node.op, il, static_cast<int64_t>(x.size()) / n_, heads, x.data()});
}

}  // namespace crossval
