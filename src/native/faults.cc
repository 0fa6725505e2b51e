#include "native/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/float16.h"

namespace crossval {
namespace {

/// A private copy of a matrix's bytes, with the matrix pointing at it.
std::byte* own_copy(Model& model, Matrix& matrix) {
  const auto size = static_cast<size_t>(matrix.rows * matrix.row_bytes());
  model.overlay.push_back(
      std::make_unique<std::vector<std::byte>>(matrix.data, matrix.data + size));
  matrix.data = model.overlay.back()->data();
  return model.overlay.back()->data();
}

Matrix& some_gate(FaultTarget& t) {
  Layer& layer = t.model.weights.layers[t.model.weights.layers.size() / 2];
  for (Matrix* matrix : {&layer.gate.matrix, &layer.up.matrix, &layer.expert_gate.matrix})
    if (matrix->present()) return *matrix;
  return layer.expert_up.matrix;
}

Result<void> rope_pairing(FaultTarget& t) {
  for (Rope* rope : {&t.model.hparams.rope, &t.model.hparams.window_rope})
    rope->pairs = rope->pairs == RopePairs::adjacent ? RopePairs::halves : RopePairs::adjacent;
  return {};
}
Result<void> rope_base(FaultTarget& t) {
  t.model.hparams.rope.base *= 0.5F;
  t.model.hparams.window_rope.base *= 0.5F;
  return {};
}
Result<void> position(FaultTarget& t) {
  // Shifting every position leaves all distances, and so exact attention, unchanged: what remains
  // is rounding. Only bit equality sees it.
  t.wiring.position_offset = 1;
  return {};
}
Result<void> eps(FaultTarget& t) {
  t.model.hparams.norm_eps *= 0.1F;
  return {};
}
Result<void> missing_norm_weight(FaultTarget& t) {
  Vector& weight = t.model.weights.layers.front().attn_norm.weight;
  if (!weight.present())
    return fail(ExitCode::usage, "fault missing-norm-weight needs a norm with weights");
  const std::vector<float> ones(static_cast<size_t>(weight.size), 1.0F);
  const auto bytes = std::as_bytes(std::span(ones));
  t.model.overlay.push_back(std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end()));
  weight.data = reinterpret_cast<const float*>(t.model.overlay.back()->data());
  return {};
}
Result<void> gqa_map(FaultTarget& t) {
  const int64_t n_head_kv = t.model.hparams.n_head_kv;
  if (n_head_kv == t.model.hparams.n_head || n_head_kv == 1) {
    return fail(ExitCode::usage,
                "fault gqa-map needs a model whose query heads share key/value heads");
  }
  t.wiring.kv_head = [n_head_kv](int64_t head) { return head % n_head_kv; };
  return {};
}
Result<void> mask(FaultTarget& t) {
  t.wiring.own_key = 0;
  return {};
}
Result<void> block_scale(FaultTarget& t) {
  // The first value or scale of a row in the middle: every format of ours begins a block with a
  // binary16 scale or ends with one; decode the block before and after to be sure something
  // changed.
  Matrix& gate = some_gate(t);
  std::byte* bytes = own_copy(t.model, gate) + gate.rows / 2 * gate.row_bytes();
  const auto scaled = [&](int64_t offset) {
    uint16_t half = 0;
    std::memcpy(&half, bytes + offset, sizeof(half));
    half = f32_to_f16(f16_to_f32(half) * 4.0F);
    std::memcpy(bytes + offset, &half, sizeof(half));
  };
  switch (gate.format->type) {
    case WeightType::f32: {
      float value = 0.0F;
      std::memcpy(&value, bytes, sizeof(value));
      value *= 4.0F;
      std::memcpy(bytes, &value, sizeof(value));
      break;
    }
    case WeightType::bf16: {
      uint16_t half = 0;
      std::memcpy(&half, bytes, sizeof(half));
      half = f32_to_bf16(bf16_to_f32(half) * 4.0F);
      std::memcpy(bytes, &half, sizeof(half));
      break;
    }
    case WeightType::i2_s:  // its block is the tensor
      gate.scale *= 4.0F;
      break;
    case WeightType::q2_k:
      scaled(80);
      break;
    case WeightType::q3_k:
    case WeightType::q6_k:
    case WeightType::tq1_0:
    case WeightType::tq2_0:
      scaled(gate.format->block_bytes - 2);
      break;
    default:
      scaled(0);
  }
  return {};
}
Result<void> weight_bit(FaultTarget& t) {
  Matrix& gate = some_gate(t);
  std::byte* bytes = own_copy(t.model, gate) + gate.rows / 2 * gate.row_bytes();
  // The middle byte of a block holds codes in every block format; of a plain value it holds
  // mantissa.
  bytes[gate.format->block_bytes / 2] ^= std::byte{0x04};
  return {};
}
Result<void> nan_layer(FaultTarget& t) {
  t.wiring.nan_layer = t.model.hparams.n_layer / 2;
  return {};
}
Result<void> missing_bos(FaultTarget& t) {
  t.drop_bos = true;
  return {};
}
Result<void> wrong_head(FaultTarget& t) {
  t.wiring.head_row_offset = 1;
  return {};
}

tl::unexpected<Error> needs(std::string_view fault, std::string_view what) {
  return fail(ExitCode::usage, fmt::format("fault {} needs a model with {}", fault, what));
}

Result<void> qk_norm(FaultTarget& t) {
  if (!t.model.weights.layers.front().q_norm.on) return needs("qk-norm", "query and key norms");
  for (Layer& layer : t.model.weights.layers) layer.q_norm.on = layer.k_norm.on = false;
  return {};
}
Result<void> sub_norm(FaultTarget& t) {
  if (!t.model.weights.layers.front().attn_sub_norm.on)
    return needs("sub-norm", "norms inside attention and feed-forward network");
  for (Layer& layer : t.model.weights.layers)
    layer.attn_sub_norm.on = layer.ffn_sub_norm.on = false;
  return {};
}
Result<void> window(FaultTarget& t) {
  if (!t.model.hparams.windowed()) return needs("window", "sliding windows");
  t.wiring.ignore_windows = true;
  return {};
}
Result<void> soft_cap(FaultTarget& t) {
  Hparams& h = t.model.hparams;
  if (h.score_soft_cap == 0.0F && h.logit_soft_cap == 0.0F) return needs("soft-cap", "soft caps");
  h.score_soft_cap = h.logit_soft_cap = 0.0F;
  return {};
}
Result<void> sink(FaultTarget& t) {
  if (!t.model.weights.layers.front().sinks.present()) return needs("sink", "attention sinks");
  t.wiring.ignore_sinks = true;
  return {};
}
Result<void> alibi(FaultTarget& t) {
  if (t.model.hparams.alibi_bias == 0.0F) return needs("alibi", "ALiBi");
  t.model.hparams.alibi_bias *= 2.0F;
  return {};
}
Result<void> wrong_expert(FaultTarget& t) {
  if (t.model.hparams.n_expert < 2) return needs("wrong-expert", "experts");
  t.wiring.expert_offset = 1;
  return {};
}
Result<void> expert_weights(FaultTarget& t) {
  if (t.model.hparams.n_expert_used < 2) return needs("expert-weights", "several experts at once");
  t.model.hparams.normalise_experts = !t.model.hparams.normalise_experts;
  return {};
}

Result<void> silu_for_relu2(FaultTarget& t) {
  if (t.model.architecture->activation != Activation::relu_squared)
    return needs("silu-for-relu2", "squared ReLU");
  t.wiring.silu = true;
  return {};
}

/// The value that BitNet-rs reads from two bits of what it calls QK256.
float qk256_value(unsigned code) {
  constexpr float kValues[] = {-2.0F, -1.0F, 1.0F, 2.0F};
  return kValues[code];
}

/// I2_S read as BitNet-rs does: codes in the order of their values, lowest bits first, no scale.
/// Its product is that of plain floats, so the weights become F32.
void reread_as_qk256(Model& model, Matrix& matrix) {
  if (!matrix.present() || matrix.format->type != WeightType::i2_s) return;
  std::vector<float> values(static_cast<size_t>(matrix.rows * matrix.cols));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = qk256_value(std::to_integer<unsigned>(matrix.data[i / 4]) >> (2 * (i % 4)) & 3U);
  }
  const auto bytes = std::as_bytes(std::span(values));
  model.overlay.push_back(std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end()));
  matrix = {&weight_format(WeightType::f32), model.overlay.back()->data(), matrix.rows,
            matrix.cols};
}
Result<void> i2s_as_qk256(FaultTarget& t) {
  if (!t.model.i2s) return needs("i2s-as-qk256", "I2_S weights");
  for (Layer& layer : t.model.weights.layers) {
    for (Linear* linear : {&layer.qkv, &layer.wq, &layer.wk, &layer.wv, &layer.wo, &layer.gate,
                           &layer.up, &layer.down})
      reread_as_qk256(t.model, linear->matrix);
  }
  return {};
}

constexpr Fault kFaults[] = {
    {"rope-pairing", "RoPE rotates the other pairs (adjacent for halves, halves for adjacent)",
     rope_pairing},
    {"rope-base", "half the RoPE base", rope_base},
    {"position", "every position off by one", position},
    {"eps", "a tenth of the norm's epsilon", eps},
    {"missing-norm-weight", "the first layer's attention norm without its weights",
     missing_norm_weight},
    {"gqa-map", "query heads read the wrong key/value head", gqa_map},
    {"mask", "the causal mask off by one: a query does not see its own key", mask},
    {"block-scale", "the scale of one weight block times four (FFN gate, middle layer)",
     block_scale},
    {"weight-bit", "one bit of one weight flipped (FFN gate, middle layer)", weight_bit},
    {"nan", "NaN in the middle layer's output", nan_layer},
    {"missing-bos", "tokenises without the BOS token that the model asks for", missing_bos},
    {"wrong-head", "logit i from row i + 1 of the output matrix", wrong_head},
    {"qk-norm", "queries and keys without their norms", qk_norm},
    {"sub-norm", "no norms inside attention and feed-forward network", sub_norm},
    {"window", "layers with a sliding window see everything before them", window},
    {"soft-cap", "scores and logits without their soft caps", soft_cap},
    {"sink", "the attention's sinks ignored", sink},
    {"alibi", "ALiBi twice as steep", alibi},
    {"wrong-expert", "each position goes through the experts after the right ones", wrong_expert},
    {"expert-weights", "weights of experts normalised where they are not, and the reverse",
     expert_weights},
    {"silu-for-relu2", "SiLU where the architecture has squared ReLU", silu_for_relu2},
    {"i2s-as-qk256", "I2_S weights read as BitNet-rs does: codes -2, -1, 1, 2, no scale",
     i2s_as_qk256},
};

}  // namespace

std::span<const Fault> faults() { return kFaults; }

Result<void> plant_fault(std::string_view name, FaultTarget target) {
  const auto* fault = std::find_if(std::begin(kFaults), std::end(kFaults),
                                   [&](const Fault& f) { return f.name == name; });
  if (fault != std::end(kFaults)) return fault->plant(target);
  std::string known;
  for (const Fault& f : kFaults) known += (known.empty() ? "" : ", ") + std::string(f.name);
  return fail(ExitCode::usage, fmt::format("no fault is called \"{}\"", name), "engine native",
              "There are: " + known + ".");
}

}  // namespace crossval
