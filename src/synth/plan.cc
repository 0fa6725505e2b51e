#include "synth/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace crossval {
namespace {

/// A matrix that turns normalised inputs into outputs of standard deviation `out`.
PlannedTensor matrix(std::string name, int64_t rows, int64_t cols, float out) {
  return {std::move(name), TensorRole::matrix, cols, rows,
          out / std::sqrt(static_cast<float>(cols))};
}

PlannedTensor norm(std::string name, int64_t size, float near = 1.0F) {
  return {std::move(name), TensorRole::norm, size, 1, near};
}

void add_common_keys(const SynthOptions& o, float rope_base, GgufWriter& to) {
  const auto u32 = [&](const char* key, int64_t value) {
    to.add_u32(o.architecture + "." + key, static_cast<uint32_t>(value));
  };
  u32("context_length", 4096);
  u32("embedding_length", o.embd);
  u32("block_count", o.layers);
  u32("feed_forward_length", o.ff);
  u32("attention.head_count", o.heads);
  u32("attention.head_count_kv", o.kv_heads);
  u32("rope.dimension_count", o.embd / o.heads);
  to.add_f32(o.architecture + ".rope.freq_base", rope_base);
  to.add_f32(o.architecture + ".attention.layer_norm_rms_epsilon", 1e-5F);
}

void add_llama_keys(const SynthOptions& o, GgufWriter& to) { add_common_keys(o, 10000.0F, to); }

std::vector<PlannedTensor> llama_tensors(const SynthOptions& o, int64_t n_vocab) {
  const int64_t kv_width = o.embd / o.heads * o.kv_heads;
  // What the blocks add to the residual stream keeps its size from layer to layer.
  const float residual = 1.0F / std::sqrt(static_cast<float>(2 * o.layers));
  std::vector<PlannedTensor> tensors;
  // Rows are looked up, not multiplied with: their own size is the stream's at the start.
  tensors.push_back({"token_embd.weight", TensorRole::matrix, o.embd, n_vocab, 0.5F});
  for (int64_t il = 0; il < o.layers; ++il) {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", il, part); };
    tensors.push_back(norm(name("attn_norm"), o.embd));
    tensors.push_back(matrix(name("attn_q"), o.embd, o.embd, 1.2F));
    tensors.push_back(matrix(name("attn_k"), kv_width, o.embd, 1.2F));
    tensors.push_back(matrix(name("attn_v"), kv_width, o.embd, 1.0F));
    tensors.push_back(matrix(name("attn_output"), o.embd, o.embd, residual));
    tensors.push_back(norm(name("ffn_norm"), o.embd));
    tensors.push_back(matrix(name("ffn_gate"), o.ff, o.embd, 1.0F));
    tensors.push_back(matrix(name("ffn_up"), o.ff, o.embd, 1.0F));
    tensors.push_back(matrix(name("ffn_down"), o.embd, o.ff, residual));
  }
  tensors.push_back(norm("output_norm.weight", o.embd));
  tensors.push_back(matrix("output.weight", n_vocab, o.embd, 2.5F));  // a peaked distribution
  return tensors;
}

void add_bitnet_keys(const SynthOptions& o, GgufWriter& to) {
  add_common_keys(o, 500000.0F, to);
  to.add_string(o.architecture + ".rope.scaling.type", "linear");
  to.add_f32(o.architecture + ".rope.scaling.factor", 1.0F);
}

/// Norms as in BitNet b1.58 2B-4T: that of the attention far below 1, with a scale of the matrices
/// behind it that makes up for it.
std::vector<PlannedTensor> bitnet_tensors(const SynthOptions& o, int64_t n_vocab) {
  constexpr float kAttnNorm = 0.018F;
  constexpr float kFfnNorm = 1.3F;
  const int64_t kv_width = o.embd / o.heads * o.kv_heads;
  const float head = 2.5F / std::sqrt(static_cast<float>(o.embd));  // the embedding is the head too
  const float residual = 1.0F / std::sqrt(static_cast<float>(2 * o.layers));
  std::vector<PlannedTensor> tensors;
  tensors.push_back({"token_embd.weight", TensorRole::embedding, o.embd, n_vocab, head});
  for (int64_t il = 0; il < o.layers; ++il) {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", il, part); };
    const auto ternary = [&](const char* part, int64_t rows, int64_t cols, float out,
                             const char* fed_by) {
      PlannedTensor tensor = matrix(name(part), rows, cols, out);
      tensor.role = TensorRole::ternary;
      tensor.fed_by = name(fed_by);
      tensors.push_back(std::move(tensor));
    };
    tensors.push_back(norm(name("attn_norm"), o.embd, kAttnNorm));
    ternary("attn_q", o.embd, o.embd, 1.2F / kAttnNorm, "attn_norm");
    ternary("attn_k", kv_width, o.embd, 1.2F / kAttnNorm, "attn_norm");
    ternary("attn_v", kv_width, o.embd, 1.0F / kAttnNorm, "attn_norm");
    tensors.push_back(norm(name("attn_sub_norm"), o.embd));
    ternary("attn_output", o.embd, o.embd, residual, "attn_sub_norm");
    tensors.push_back(norm(name("ffn_norm"), o.embd, kFfnNorm));
    ternary("ffn_gate", o.ff, o.embd, 1.0F / kFfnNorm, "ffn_norm");
    ternary("ffn_up", o.ff, o.embd, 1.0F / kFfnNorm, "ffn_norm");
    tensors.push_back(norm(name("ffn_sub_norm"), o.ff));
    ternary("ffn_down", o.embd, o.ff, residual, "ffn_sub_norm");
  }
  tensors.push_back(norm("output_norm.weight", o.embd));
  return tensors;
}

constexpr SynthArchitecture kArchitectures[] = {
    {"llama", add_llama_keys, llama_tensors},
    {"bitnet", add_bitnet_keys, bitnet_tensors},
    {"bitnet-b1.58", add_bitnet_keys, bitnet_tensors},
};

}  // namespace

const SynthArchitecture* find_synth_architecture(std::string_view name) {
  const auto* found = std::ranges::find(kArchitectures, name, &SynthArchitecture::name);
  return found == std::end(kArchitectures) ? nullptr : found;
}

}  // namespace crossval
