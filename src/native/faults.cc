#include "native/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/float16.h"
#include "graph/edit.h"
#include "native/feature_faults.h"

namespace crossval {
namespace {

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
  t.edits.emplace_back([](Graph& graph) {
    for_each<Rotate>(graph, [](Rotate& rotate) { rotate.offset = 1; });
    for_each<EmbedPositions>(graph, [](EmbedPositions& embed) { embed.offset = 1; });
  });
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
  const bool shared = std::ranges::any_of(t.model.hparams.layers, [](const LayerKind& layer) {
    return layer.n_head_kv > 1 && layer.n_head_kv < layer.n_head;
  });
  if (!shared) {
    return fail(ExitCode::usage,
                "fault gqa-map needs a model whose query heads share key/value heads");
  }
  t.edits.emplace_back([](Graph& graph) {
    for_each<Attend>(graph, [](Attend& attend) {
      for (size_t head = 0; head < attend.kv_head.size(); ++head)
        attend.kv_head[head] = static_cast<int64_t>(head) % attend.n_head_kv;
    });
  });
  return {};
}
Result<void> mask(FaultTarget& t) {
  t.edits.emplace_back(
      [](Graph& graph) { for_each<Attend>(graph, [](Attend& attend) { attend.own_key = 0; }); });
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
  t.edits.emplace_back([layer = t.model.hparams.n_layer / 2](Graph& graph) {
    const size_t out = last_of(graph, Role::layer_out, layer);
    if (out < graph.ops.size()) append(graph, out, Poison{});
  });
  return {};
}
Result<void> missing_bos(FaultTarget& t) {
  t.drop_bos = true;
  return {};
}
Result<void> wrong_head(FaultTarget& t) {
  t.edits.emplace_back([](Graph& graph) { append(graph, graph.ops.size() - 1, Roll{1}); });
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
};

}  // namespace

std::byte* own_copy(Model& model, Matrix& matrix) {
  const auto size = static_cast<size_t>(matrix.rows * matrix.row_bytes());
  model.overlay.push_back(
      std::make_unique<std::vector<std::byte>>(matrix.data, matrix.data + size));
  matrix.data = model.overlay.back()->data();
  return model.overlay.back()->data();
}

std::span<const Fault> faults() {
  static const std::vector<Fault> kAll = [] {
    std::vector<Fault> all(std::begin(kFaults), std::end(kFaults));
    all.insert(all.end(), feature_faults().begin(), feature_faults().end());
    return all;
  }();
  return kAll;
}

Result<void> plant_fault(std::string_view name, FaultTarget target) {
  std::string known;
  for (const Fault& f : faults()) {
    if (f.name == name) return f.plant(target);
  }
  for (const Fault& f : faults()) known += (known.empty() ? "" : ", ") + std::string(f.name);
  return fail(ExitCode::usage, fmt::format("no fault is called \"{}\"", name), "engine native",
              "There are: " + known + ".");
}

}  // namespace crossval
