#include "native/executor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/float16.h"
#include "graph/last_uses.h"
#include "native/activation.h"
#include "native/experts.h"
#include "native/ops.h"
#include "quant/round_to_codes.h"

namespace crossval {
namespace {

constexpr int64_t kLogitsBytes = 8 << 20;  // of the logits rows that are computed at once

/// Positions of a block of the head.
int64_t head_positions(const Graph& graph) {
  return std::max<int64_t>(
      1, kLogitsBytes / static_cast<int64_t>(sizeof(float)) / graph.width(graph.logits));
}

/// A mistake's rounding of keys or values.
void round_cached(CachedAs as, std::vector<float>& x) {
  if (as == CachedAs::codes) return round_to_codes(x.data(), std::ssize(x), 32);
  for (float& value : x) {
    value = as == CachedAs::bf16 ? bf16_to_f32(f32_to_bf16(value)) : f16_to_f32(f32_to_f16(value));
  }
}

}  // namespace

Executor::Executor(const Graph& graph, const KernelSet& kernels, int threads, KvCache cache,
                   std::optional<KvCache> floats)
    : graph_(graph),
      of_body_(made_before_head(graph)),
      kernels_(kernels),
      pool_(threads),
      cache_(std::move(cache)),
      floats_(std::move(floats)),
      buffers_(graph) {
  for (const Op& op : graph.ops)
    if (keeps_floats(op)) float_layers_.insert(op.layer);
}

bool Executor::chunk(std::span<const int32_t> ids, int64_t first, int64_t rows_from,
                     const LogitsSink& sink, const Observer& observer,
                     const std::stop_token& stop) {
  ids_ = ids;
  first_ = first;
  n_ = static_cast<int64_t>(ids.size());
  block_ = 0;
  traced_ = static_cast<bool>(observer);
  in_head_ = false;
  chosen_.clear();
  for (auto& [type, packed] : packed_) packed.value = -1;
  buffers_.reserve(n_, std::min(n_, head_positions(graph_)));
  for (size_t op = 0; op < graph_.head; ++op) {
    compute(op);
    if (observer && !observe(observer, op)) return false;
    if (stop.stop_requested()) return false;
  }
  return head(rows_from, sink, stop);
}

bool Executor::head(int64_t rows_from, const LogitsSink& sink, const std::stop_token& stop) {
  in_head_ = true;
  const int64_t n_vocab = width(graph_.logits);
  const int64_t positions = n_;
  for (block_ = std::max<int64_t>(0, rows_from - first_); block_ < positions; block_ += n_) {
    n_ = std::min(head_positions(graph_), positions - block_);
    for (auto& [type, packed] : packed_) packed.value = -1;
    for (size_t op = graph_.head; op < graph_.ops.size(); ++op) compute(op);
    const float* logits = in(graph_.logits);
    for (int64_t p = 0; p < n_; ++p) {
      if (!sink(first_ + block_ + p, {logits + p * n_vocab, static_cast<size_t>(n_vocab)}))
        return false;
    }
    if (stop.stop_requested()) return false;
  }
  return true;
}

void Executor::compute(size_t index) {
  const Op& op = graph_.ops[index];
  std::visit([&](const auto& action) { run(action, op); }, op.action);
}

bool Executor::observe(const Observer& observer, size_t index) {
  const Op& op = graph_.ops[index];
  using Part = Observation::Part;
  if (const auto* a = std::get_if<Attend>(&op.action)) {
    const int64_t keys = a->n_head * (first_ + n_);
    if (!observer({index, Part::scores, keys, a->n_head, inner_.scores.data()}) ||
        !observer({index, Part::probabilities, keys, a->n_head, inner_.probabilities.data()}))
      return false;
  }
  if (std::holds_alternative<ChooseExperts>(op.action) &&
      !observer({index, Part::ranking, width(op.inputs[0]), 0, ranking_.data()}))
    return false;
  return observer({index, Part::result, width(op.output), 0, out(op)});
}

const float* Executor::in(ValueId value) {
  // What the head reads of the body begins at its block.
  const bool whole = in_head_ && of_body_[static_cast<size_t>(value)];
  return buffers_.of(value) + (whole ? block_ * width(value) : 0);
}

float* Executor::copied(const Op& op) {
  const float* from = in(op.inputs.front());
  float* to = out(op);
  if (from != to) std::copy_n(from, n_ * width(op.output), to);
  return to;
}

void Executor::rows(const std::function<void(int64_t)>& body) {
  pool_.parallel_for(n_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) body(p);
  });
}

void Executor::in_place(const Op& op, const RowBody& body) {
  float* x = copied(op);
  const int64_t w = width(op.output);
  rows([&](int64_t p) { body(x + p * w, w, p); });
}

void Executor::parts_in_place(const Op& op, const RowBody& body) {
  const int64_t parts = width(op.inputs[1]);
  in_place(op, [&](float* x, int64_t w, int64_t p) {
    for (int64_t i = 0; i < parts; ++i) body(x + i * (w / parts), w / parts, p * parts + i);
  });
}

const PackedRows& Executor::packed(ValueId value, ActivationType type, int64_t n) {
  Packed& packed = packed_[type];
  if (packed.value != value) {
    packed.rows.pack(kernels_, pool_, type, in(value), n_ * width(value) / n, n);
    packed.value = value;
  }
  return packed.rows;
}

void Executor::run(const EmbedTokens& a, const Op& op) {
  rows([&](int64_t p) {
    a.table.decode_row(ids_[static_cast<size_t>(p)], out(op) + p * a.table.cols);
  });
}

void Executor::run(const EmbedPositions& a, const Op& op) {
  rows([&](int64_t p) {
    const int64_t position = std::min(first_ + block_ + p + a.offset, a.table.rows - 1);
    a.table.decode_row(position, out(op) + p * a.table.cols);
  });
}

void Executor::run(const Normalise& a, const Op& op) {
  const auto normalise = a.kind == NormKind::rms ? rms_norm : layer_norm;
  const float* x = in(op.inputs[0]);
  const int64_t w = width(op.output);
  rows([&](int64_t p) {
    for (int64_t i = p * w; i < (p + 1) * w; i += a.width)
      normalise(x + i, a.eps, a.width, out(op) + i);
  });
}

void Executor::run(const Weigh& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { multiply(x, a.by.data, a.by.size, w); });
}

void Executor::run(const AddBias& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) {
    for (int64_t i = 0; i < w; i += a.bias.size) add(x + i, a.bias.data, a.bias.size);
  });
}

void Executor::run(const Divide& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { divide(x, a.by.data, a.by.size, w); });
}

void Executor::run(const MatMul& a, const Op& op) {
  if (a.activations != RoundedActivations::declared) return run_as_floats(a, op);
  product(kernels_, pool_, a.matrix,
          packed(op.inputs[0], a.matrix.format->activation, a.matrix.cols), out(op));
}

/// A mistake's product: the weights as floats, some rows of them at a time.
void Executor::run_as_floats(const MatMul& a, const Op& op) {
  constexpr int64_t kRows = 256;
  const int64_t cols = a.matrix.cols;
  const float* x = in(op.inputs[0]);
  std::vector<float> activations(x, x + n_ * width(op.inputs[0]));
  const auto n = std::ssize(activations);
  if (a.activations == RoundedActivations::blocks) round_to_codes(activations.data(), n, 32);
  if (a.activations == RoundedActivations::rows) round_to_codes(activations.data(), n, cols);
  PackedRows packed;
  packed.pack(kernels_, pool_, ActivationType::f32, activations.data(), n / cols, cols);
  std::vector<float> weights;
  std::vector<float> some;
  for (int64_t begin = 0; begin < a.matrix.rows; begin += kRows) {
    const int64_t rows = std::min(kRows, a.matrix.rows - begin);
    weights.resize(static_cast<size_t>(rows * cols));
    for (int64_t r = 0; r < rows; ++r)
      a.matrix.decode_row(begin + r, &weights[static_cast<size_t>(r * cols)]);
    Matrix decoded{.format = &weight_format(WeightType::f32),
                   .data = reinterpret_cast<const std::byte*>(weights.data()),
                   .rows = rows,
                   .cols = cols};
    some.resize(static_cast<size_t>(rows * n / cols));
    product(kernels_, pool_, decoded, packed, some.data());
    for (int64_t p = 0; p < n / cols; ++p)
      std::copy_n(some.data() + p * rows, rows, out(op) + p * a.matrix.rows + begin);
  }
}

void Executor::run(const Scale& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { scale(x, w, a.by); });
}

void Executor::run(const Clamp& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { clamp(x, w, a.limit); });
}

void Executor::run(const SoftCap& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { soft_cap(x, w, a.cap); });
}

void Executor::run(const Add&, const Op& op) {
  const float* y = in(op.inputs[1]);
  in_place(op, [&](float* x, int64_t w, int64_t p) { add(x, y + p * w, w); });
}

void Executor::run(const Columns& a, const Op& op) {
  const float* x = in(op.inputs[0]) + a.first;
  const int64_t stride = width(op.inputs[0]) / a.heads;
  const int64_t w = width(op.output) / a.heads;
  rows([&](int64_t p) {
    for (int64_t i = p * a.heads; i < (p + 1) * a.heads; ++i)
      std::copy_n(x + i * stride, w, out(op) + i * w);
  });
}

void Executor::run(const JoinHeads& a, const Op& op) {
  const float* own = in(op.inputs[0]);
  const float* shared = in(op.inputs[1]);
  const int64_t w = width(op.inputs[0]) / a.heads;
  const int64_t shared_w = width(op.inputs[1]);
  rows([&](int64_t p) {
    float* head = out(op) + p * a.heads * (w + shared_w);
    for (int64_t i = p * a.heads; i < (p + 1) * a.heads; ++i, head += w + shared_w) {
      std::copy_n(own + i * w, w, head);
      std::copy_n(shared + p * shared_w, shared_w, head + w);
    }
  });
}

void Executor::run(const Rotate& a, const Op& op) {
  float* x = copied(op);
  const int64_t w = width(op.output);
  pool_.parallel_for(n_, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> table(static_cast<size_t>(a.rope.n_rot));
    for (int64_t p = begin; p < end; ++p) {
      rope_table(a.rope, a.factors.data, first_ + p + a.offset, table.data());
      for (int64_t head = p * w; head < (p + 1) * w; head += a.head_dim)
        rope_rotate(table.data(), a.rope.n_rot, a.rope.pairs, x + head + a.first);
    }
  });
}

void Executor::run(const Temper& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t p) {
    scale(x, w, query_temperature(a.temperature, a.length, first_ + p));
  });
}

void Executor::run(const Attend& a, const Op& op) {
  KvCache& cache = float_layers_.contains(op.layer) ? *floats_ : cache_;
  std::vector<float> rounded[2];
  const float* stored[2] = {in(op.inputs[1]), in(op.inputs[2])};
  for (size_t i = 0; i < 2; ++i) {
    if (a.cached_as == CachedAs::declared || a.cached_as == CachedAs::floats) continue;
    rounded[i].assign(stored[i], stored[i] + n_ * width(op.inputs[i + 1]));
    round_cached(a.cached_as, rounded[i]);
    stored[i] = rounded[i].data();
  }
  if (a.border == ChunkBorder::overwritten && first_ > 0)
    cache.store(op.layer, first_ - 1, 1, stored[0], stored[1]);
  cache.store(op.layer, first_, n_, stored[0], stored[1]);
  attention(kernels_, pool_, a, cache, op.layer, first_, n_, in(op.inputs[0]), out(op),
            traced_ ? &inner_ : nullptr);
}

void Executor::run(const GateBy& a, const Op& op) {
  const float* gate = in(op.inputs[1]);
  parts_in_place(op,
                 [&](float* x, int64_t w, int64_t i) { scale(x, w, gate_value(a.kind, gate[i])); });
}

void Executor::run(const Activate& a, const Op& op) {
  const float* gate = in(op.inputs[0]) + a.gate_column;
  const int64_t gate_stride = width(op.inputs[0]);
  const bool gated = op.inputs.size() == 2;
  const float* up = gated ? in(op.inputs[1]) + a.up_column : nullptr;
  const int64_t up_stride = gated ? width(op.inputs[1]) : 0;
  const int64_t w = width(op.output);
  rows([&](int64_t p) {
    activation(kernels_, a.kind, gate + p * gate_stride, gated ? up + p * up_stride : nullptr, w,
               out(op) + p * w);
  });
}

void Executor::run(const RouteProbabilities& a, const Op& op) {
  in_place(op,
           [&](float* x, int64_t w, int64_t) { route_probabilities(kernels_, a.gating, x, w); });
}

void Executor::run(const ChooseExperts& a, const Op& op) {
  const float* probabilities = in(op.inputs[0]);
  const int64_t n = width(op.inputs[0]);
  std::vector<int32_t>& chosen = chosen_[op.output];
  chosen.resize(static_cast<size_t>(n_ * a.used));
  ranking_.resize(traced_ ? static_cast<size_t>(n_ * n) : 0);
  rows([&](int64_t p) {
    choose_experts(a, probabilities + p * n, n, chosen.data() + p * a.used, out(op) + p * a.used,
                   traced_ ? ranking_.data() + p * n : nullptr);
  });
}

void Executor::run(const WeighChosen& a, const Op& op) {
  in_place(op, [&](float* x, int64_t w, int64_t) { weigh_chosen(kernels_, a, x, w); });
}

void Executor::run(const ExpertMatMul& a, const Op& op) {
  const Matrix& matrix = a.experts.matrix;
  const std::vector<int32_t>& chosen = chosen_.at(op.inputs[1]);
  const PackedRows& x = packed(op.inputs[0], matrix.format->activation, matrix.cols);
  const auto slots = static_cast<int64_t>(chosen.size());
  const int64_t share = std::max<int64_t>(1, slots / x.positions());  // slots that read a row
  std::map<int32_t, std::vector<int64_t>> slots_of;
  for (int64_t s = 0; s < slots; ++s) slots_of[chosen[static_cast<size_t>(s)]].push_back(s);
  for (const auto& [expert, mine] : slots_of) {
    const auto n = static_cast<int64_t>(mine.size());
    gathered_.gather(x, mine, share);
    expert_out_.resize(static_cast<size_t>(n * matrix.rows));
    product(kernels_, pool_, a.experts.expert(expert), gathered_, expert_out_.data());
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(expert_out_.data() + i * matrix.rows, matrix.rows,
                  out(op) + mine[static_cast<size_t>(i)] * matrix.rows);
    }
  }
}

void Executor::run(const ExpertScale& a, const Op& op) {
  const std::vector<int32_t>& chosen = chosen_.at(op.inputs[1]);
  parts_in_place(op, [&](float* x, int64_t w, int64_t i) {
    scale(x, w, a.by.data[chosen[static_cast<size_t>(i)]]);
  });
}

void Executor::run(const ExpertBias& a, const Op& op) {
  const std::vector<int32_t>& chosen = chosen_.at(op.inputs[1]);
  parts_in_place(op, [&](float* x, int64_t w, int64_t i) {
    add(x, a.bias.data + chosen[static_cast<size_t>(i)] * w, w);
  });
}

void Executor::run(const WeighExperts&, const Op& op) {
  const float* weights = in(op.inputs[1]);
  parts_in_place(op, [&](float* x, int64_t w, int64_t i) { scale(x, w, weights[i]); });
}

void Executor::run(const SumExperts& a, const Op& op) {
  const float* x = in(op.inputs[0]);
  const int64_t w = width(op.output);
  rows([&](int64_t p) {
    float* sum = out(op) + p * w;
    std::copy_n(x + p * a.used * w, w, sum);
    for (int64_t i = 1; i < a.used - a.left_out; ++i) add(sum, x + (p * a.used + i) * w, w);
  });
}

void Executor::run(const Poison&, const Op& op) {
  copied(op)[0] = std::numeric_limits<float>::quiet_NaN();
}

void Executor::run(const Roll& a, const Op& op) {
  const float* x = in(op.inputs[0]);
  const int64_t w = width(op.output);
  rows([&](int64_t p) {
    const float* row = x + p * w;
    std::rotate_copy(row, row + a.by, row + w, out(op) + p * w);
  });
}

}  // namespace crossval
