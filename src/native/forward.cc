#include "native/forward.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {
namespace {

constexpr int64_t kLogitsBytes = 8 << 20;  // of the buffer that logits rows are computed into

}  // namespace

Forward::Forward(const Model& model, Wiring wiring, const KernelSet& kernels, ThreadPool& pool,
                 KvCache cache)
    : model_(model),
      wiring_(std::move(wiring)),
      kernels_(kernels),
      pool_(pool),
      cache_(std::move(cache)) {
  const Hparams& hp = model_.hparams;
  shape_.n_head = hp.n_head;
  shape_.head_dim_k = hp.head_dim_k;
  shape_.head_dim_v = hp.head_dim_v;
  shape_.scale = 1.0F / std::sqrt(static_cast<float>(hp.head_dim_k));
  for (int64_t head = 0; head < hp.n_head; ++head) shape_.kv_head.push_back(wiring_.kv_head(head));
  shape_.visible = [own = wiring_.own_key](int64_t position) {
    return std::max<int64_t>(1, position + own);
  };
}

bool Forward::chunk(std::span<const int32_t> ids, int64_t first, const LogitsSink& sink,
                    const NodeSink& node_sink) {
  nodes_ = node_sink ? &node_sink : nullptr;
  first_ = first;
  n_ = static_cast<int64_t>(ids.size());
  if (!embed(ids)) return false;
  for (int64_t il = 0; il < model_.hparams.n_layer; ++il) {
    if (!layer(il)) return false;
  }
  return head(sink);
}

bool Forward::embed(std::span<const int32_t> ids) {
  const Matrix& table = model_.weights.token_embd;
  x_.resize(static_cast<size_t>(n_ * table.cols));
  for (int64_t p = 0; p < n_; ++p) {
    table.format->decode(table.row(ids[static_cast<size_t>(p)]), x_.data() + p * table.cols,
                         table.cols);
  }
  return show("embd", "GET_ROWS", -1, x_);
}

bool Forward::layer(int64_t il) {
  if (!attend(il)) return false;
  add(x_.data(), y_.data(), static_cast<int64_t>(x_.size()));
  if (!show("ffn_inp", "ADD", il, x_)) return false;

  if (!feed_forward(il)) return false;
  add(x_.data(), y_.data(), static_cast<int64_t>(x_.size()));
  if (il == wiring_.nan_layer) x_[0] = std::numeric_limits<float>::quiet_NaN();
  return show("l_out", "ADD", il, x_);
}

bool Forward::attend(int64_t il) {
  const Hparams& hp = model_.hparams;
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  norm(x_, w.attn_norm, h_);
  if (!show_norm("attn_norm", il, x_, w.attn_norm)) return false;

  multiply(w.wq, h_, q_);
  if (!show("Qcur", "MUL_MAT", il, q_)) return false;
  add_bias(w.bq, q_);
  multiply(w.wk, h_, k_);
  multiply(w.wv, h_, v_);
  rotate(q_, hp.n_head, w.rope_factors);
  if (!show("Qcur", "ROPE", il, q_) || !show("Vcur", "MUL_MAT", il, v_)) return false;
  add_bias(w.bv, v_);
  if (!show("Kcur", "MUL_MAT", il, k_)) return false;
  add_bias(w.bk, k_);
  rotate(k_, hp.n_head_kv, w.rope_factors);
  if (!show("Kcur", "ROPE", il, k_)) return false;

  cache_.store(il, first_, n_, k_.data(), v_.data());
  att_.resize(static_cast<size_t>(n_ * hp.n_head * hp.head_dim_v));
  attention(kernels_, pool_, shape_, cache_, il, first_, n_, q_.data(), att_.data(),
            nodes_ ? &scores_ : nullptr);
  if (!show("kq", "MUL_MAT", il, scores_.scores, hp.n_head)) return false;
  if (!show("kq_soft_max", "SOFT_MAX", il, scores_.probabilities, hp.n_head)) return false;
  if (!show("kqv_out", "CONT", il, att_)) return false;

  multiply(w.wo, att_, y_);
  add_bias(w.bo, y_);
  return show("attn_out", w.bo.present() ? "ADD" : "MUL_MAT", il, y_);
}

bool Forward::feed_forward(int64_t il) {
  const Layer& w = model_.weights.layers[static_cast<size_t>(il)];
  norm(x_, w.ffn_norm, h_);
  if (!show_norm("ffn_norm", il, x_, w.ffn_norm)) return false;
  multiply(w.gate, h_, gate_);
  if (!show("ffn_gate", "MUL_MAT", il, gate_)) return false;
  add_bias(w.gate_bias, gate_);
  multiply(w.up, h_, up_);
  if (!show("ffn_up", "MUL_MAT", il, up_)) return false;
  add_bias(w.up_bias, up_);
  pool_.parallel_for(
      static_cast<int64_t>(gate_.size()), w.gate.rows, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i += w.gate.rows) {
          kernels_.swiglu(gate_.data() + i, up_.data() + i, gate_.data() + i, w.gate.rows);
        }
      });
  if (!show("ffn_swiglu", "GLU", il, gate_)) return false;
  multiply(w.down, gate_, y_);
  add_bias(w.down_bias, y_);
  return show("ffn_out", w.down_bias.present() ? "ADD" : "MUL_MAT", il, y_);
}

bool Forward::head(const LogitsSink& sink) {
  Matrix output = model_.weights.output;
  norm(x_, model_.weights.output_norm, h_);
  if (!show_norm("result_norm", -1, x_, model_.weights.output_norm)) return false;
  const int64_t block =
      std::max<int64_t>(1, kLogitsBytes / static_cast<int64_t>(sizeof(float)) / output.rows);
  for (int64_t p = 0; p < n_; p += block) {
    const int64_t positions = std::min(block, n_ - p);
    logits_.resize(static_cast<size_t>(positions * output.rows));
    product(kernels_, pool_, output, h_.data() + p * output.cols, positions, packed_,
            logits_.data());
    for (int64_t i = 0; i < positions; ++i) {
      const auto row = logits_.begin() + i * output.rows;
      std::rotate(row, row + wiring_.head_row_offset, row + output.rows);
      if (!sink(first_ + p + i,
                {logits_.data() + i * output.rows, static_cast<size_t>(output.rows)}))
        return false;
    }
  }
  return true;
}

void Forward::norm(const std::vector<float>& x, const Vector& weight, std::vector<float>& out) {
  const int64_t width = model_.hparams.n_embd;
  out.resize(x.size());
  pool_.parallel_for(n_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      rms_norm(x.data() + p * width, weight.data, model_.hparams.norm_eps, width,
               out.data() + p * width);
    }
  });
}

void Forward::rotate(std::vector<float>& x, int64_t heads, const Vector& factors) {
  const Rope& rope = model_.hparams.rope;
  const int64_t head_dim = model_.hparams.head_dim_k;
  pool_.parallel_for(n_, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> table(static_cast<size_t>(rope.n_rot));
    for (int64_t p = begin; p < end; ++p) {
      rope_table(rope, factors.data, first_ + p + wiring_.position_offset, table.data());
      for (int64_t head = 0; head < heads; ++head) {
        rope_rotate(table.data(), rope.n_rot, wiring_.rope_pairs,
                    x.data() + (p * heads + head) * head_dim);
      }
    }
  });
}

void Forward::multiply(const Matrix& matrix, const std::vector<float>& x, std::vector<float>& out) {
  out.resize(static_cast<size_t>(n_ * matrix.rows));
  product(kernels_, pool_, matrix, x.data(), n_, packed_, out.data());
}

void Forward::add_bias(const Vector& bias, std::vector<float>& x) {
  if (!bias.present()) return;
  for (int64_t p = 0; p < n_; ++p) add(x.data() + p * bias.size, bias.data, bias.size);
}

bool Forward::show(const char* name, const char* op, int64_t il, const std::vector<float>& x,
                   int64_t heads) {
  if (nodes_ == nullptr) return true;
  return (*nodes_)({name, op, il, static_cast<int64_t>(x.size()) / n_, heads, x.data()});
}

bool Forward::show_norm(const char* name, int64_t il, const std::vector<float>& x,
                        const Vector& weight) {
  if (nodes_ == nullptr) return true;
  std::vector<float> plain;
  norm(x, Vector{}, plain);
  if (!show("norm", "RMS_NORM", il, plain)) return false;
  norm(x, weight, plain);
  return show(name, "MUL", il, plain);
}

}  // namespace crossval
