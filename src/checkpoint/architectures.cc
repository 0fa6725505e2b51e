// The table. What a row does not say is as in llama's (architecture.h).
#include <algorithm>

#include "checkpoint/architecture.h"

namespace crossval {
namespace {

using enum TensorChange;
using Kind = KeyRule::Kind;

// ---- Keys

constexpr KeyRule kCommonKeys[] = {
    {"block_count", Kind::integer, {"num_hidden_layers", "n_layer"}},
    {"context_length", Kind::integer, {"max_position_embeddings", "n_positions", "n_ctx"}},
    {"embedding_length", Kind::integer, {"hidden_size", "n_embd"}},
    {"feed_forward_length", Kind::integer, {"intermediate_size", "n_inner"}},
    {"attention.head_count", Kind::integer, {"num_attention_heads", "n_head"}},
    {"attention.head_count_kv", Kind::integer, {"num_key_value_heads"}},
    {"attention.key_length", Kind::integer, {"head_dim"}},
    {"attention.value_length", Kind::integer, {"head_dim"}},
    {"attention.layer_norm_rms_epsilon", Kind::real, {"rms_norm_eps", "norm_eps"}},
    {"attention.layer_norm_epsilon",
     Kind::real,
     {"layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"}},
    {"expert_count", Kind::integer, {"num_local_experts", "num_experts", "n_routed_experts"}},
    {"expert_used_count", Kind::integer, {"num_experts_per_tok"}},
};

constexpr KeyRule kExpertWidths[] = {
    {"expert_feed_forward_length", Kind::integer, {"moe_intermediate_size"}},
    {"expert_shared_feed_forward_length", Kind::integer, {"shared_expert_intermediate_size"}},
};
constexpr KeyRule kSoftCaps[] = {
    {"attn_logit_softcapping", Kind::real, {"attn_logit_softcapping"}},
    {"final_logit_softcapping", Kind::real, {"final_logit_softcapping"}},
};
constexpr KeyRule kGraniteScales[] = {
    {"attention.scale", Kind::real, {"attention_multiplier"}},
    {"embedding_scale", Kind::real, {"embedding_multiplier"}},
    {"residual_scale", Kind::real, {"residual_multiplier"}},
    {"logit_scale", Kind::real, {"logits_scaling"}},
    {"expert_shared_feed_forward_length", Kind::integer, {"shared_intermediate_size"}},
};
constexpr KeyRule kLogitScale[] = {{"logit_scale", Kind::real, {"logit_scale"}}};
constexpr KeyRule kParallel[] = {{"use_parallel_residual", Kind::flag, {"use_parallel_residual"}}};
constexpr KeyRule kClamp[] = {{"attention.clamp_kqv", Kind::real, {"clip_qkv"}}};
constexpr KeyRule kGptOssExperts[] = {
    {"expert_feed_forward_length", Kind::integer, {"intermediate_size"}}};
constexpr KeyRule kOriginalContext[] = {
    {"rope.scaling.original_context_length", Kind::integer, {"original_max_position_embeddings"}}};
constexpr KeyRule kNormEps[] = {{"attention.layer_norm_epsilon", Kind::real, {"norm_eps"}}};
constexpr KeyRule kDeepseek[] = {
    {"leading_dense_block_count", Kind::integer, {"first_k_dense_replace"}},
    {"attention.q_lora_rank", Kind::integer, {"q_lora_rank"}},
    {"attention.kv_lora_rank", Kind::integer, {"kv_lora_rank"}},
    {"expert_feed_forward_length", Kind::integer, {"moe_intermediate_size"}},
    {"expert_shared_count", Kind::integer, {"n_shared_experts"}},
    {"expert_weights_scale", Kind::real, {"routed_scaling_factor"}},
    {"expert_weights_norm", Kind::flag, {"norm_topk_prob"}},
    {"expert_group_count", Kind::integer, {"n_group"}},
    {"expert_group_used_count", Kind::integer, {"topk_group"}},
    {"rope.dimension_count", Kind::integer, {"qk_rope_head_dim"}},
    {"attention.value_length_mla", Kind::integer, {"v_head_dim"}},
};

// ---- Values that no key can say otherwise

constexpr OnlyValue kEveryLayerNormalised[] = {
    {"norm_topk_prob", "true", "the weights of the selected experts sum to one"},
    {"decoder_sparse_step", "1", "every layer has experts"},
    {"mlp_only_layers", "[]", "every layer has experts"}};
constexpr OnlyValue kEveryLayerPlain[] = {
    {"norm_topk_prob", "false", "the weights of the selected experts are used as they are"},
    {"decoder_sparse_step", "1", "every layer has experts"},
    {"mlp_only_layers", "[]", "every layer has experts"}};
constexpr OnlyValue kOlmoe[] = {
    {"norm_topk_prob", "false", "the weights of the selected experts are used as they are"},
    {"clip_qkv", "null", "queries, keys and values are not clamped"}};
constexpr OnlyValue kNoScoreCap[] = {{"attn_logit_softcapping", "null", "scores are not capped"}};
constexpr OnlyValue kPlainScores[] = {
    {"scale_attn_weights", "true", "scores are divided by the root of a head's width"},
    {"scale_attn_by_inverse_layer_idx", "false", "scores do not depend on the layer's number"}};
constexpr OnlyValue kNoQkNorm[] = {{"qk_layernorm", "false", "queries and keys have no norm"}};

// ---- Tensors

constexpr TensorRule kCommonTensors[] = {
    {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},
    {"lm_head", "output"},
    {"model.layers.{}.input_layernorm", "blk.{}.attn_norm"},
    {"model.layers.{}.self_attn.q_proj", "blk.{}.attn_q"},
    {"model.layers.{}.self_attn.k_proj", "blk.{}.attn_k"},
    {"model.layers.{}.self_attn.v_proj", "blk.{}.attn_v"},
    {"model.layers.{}.self_attn.o_proj", "blk.{}.attn_output"},
    {"model.layers.{}.self_attn.q_norm", "blk.{}.attn_q_norm"},
    {"model.layers.{}.self_attn.k_norm", "blk.{}.attn_k_norm"},
    {"model.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"},
    {"model.layers.{}.mlp.gate_proj", "blk.{}.ffn_gate"},
    {"model.layers.{}.mlp.up_proj", "blk.{}.ffn_up"},
    {"model.layers.{}.mlp.down_proj", "blk.{}.ffn_down"},
    // Mixtures of experts, each expert's matrices by themselves, or as one tensor.
    {"model.layers.{}.mlp.gate", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.mlp.experts.{e}.gate_proj", "blk.{}.ffn_gate_exps", stacked},
    {"model.layers.{}.mlp.experts.{e}.up_proj", "blk.{}.ffn_up_exps", stacked},
    {"model.layers.{}.mlp.experts.{e}.down_proj", "blk.{}.ffn_down_exps", stacked},
    {"model.layers.{}.mlp.experts.gate_up_proj", "blk.{}.ffn_gate_exps.weight", first_half},
    {"model.layers.{}.mlp.experts.gate_up_proj", "blk.{}.ffn_up_exps.weight", second_half},
    {"model.layers.{}.mlp.experts.down_proj", "blk.{}.ffn_down_exps.weight"},
    {"model.layers.{}.mlp.shared_expert_gate", "blk.{}.ffn_gate_inp_shexp"},
    {"model.layers.{}.mlp.shared_expert.gate_proj", "blk.{}.ffn_gate_shexp"},
    {"model.layers.{}.mlp.shared_expert.up_proj", "blk.{}.ffn_up_shexp"},
    {"model.layers.{}.mlp.shared_expert.down_proj", "blk.{}.ffn_down_shexp"},
};

constexpr TensorRule kLlama[] = {
    {"model.layers.{}.self_attn.q_proj", "blk.{}.attn_q", q_order},
    {"model.layers.{}.self_attn.k_proj", "blk.{}.attn_k", k_order},
    {"model.layers.{}.block_sparse_moe.gate", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w1", "blk.{}.ffn_gate_exps", stacked},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w3", "blk.{}.ffn_up_exps", stacked},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w2", "blk.{}.ffn_down_exps", stacked},
};
constexpr TensorRule kGranite[] = {
    {"model.layers.{}.self_attn.q_proj", "blk.{}.attn_q", q_order},
    {"model.layers.{}.self_attn.k_proj", "blk.{}.attn_k", k_order},
    {"model.layers.{}.block_sparse_moe.router.layer", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.block_sparse_moe.input_linear", "blk.{}.ffn_gate_exps", first_half},
    {"model.layers.{}.block_sparse_moe.input_linear", "blk.{}.ffn_up_exps", second_half},
    {"model.layers.{}.block_sparse_moe.output_linear", "blk.{}.ffn_down_exps"},
    {"model.layers.{}.shared_mlp.input_linear", "blk.{}.ffn_gate_shexp", first_half},
    {"model.layers.{}.shared_mlp.input_linear", "blk.{}.ffn_up_shexp", second_half},
    {"model.layers.{}.shared_mlp.output_linear", "blk.{}.ffn_down_shexp"},
};
constexpr TensorRule kSandwich[] = {
    {"model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"},
    {"model.layers.{}.pre_feedforward_layernorm", "blk.{}.ffn_norm"},
    {"model.layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm"},
};
constexpr TensorRule kGpt2[] = {
    {"transformer.wte", "token_embd"},
    {"transformer.wpe", "position_embd"},
    {"transformer.ln_f", "output_norm"},
    {"transformer.h.{}.ln_1", "blk.{}.attn_norm"},
    {"transformer.h.{}.attn.c_attn.weight", "blk.{}.attn_qkv.weight", transposed},
    {"transformer.h.{}.attn.c_attn.bias", "blk.{}.attn_qkv.bias"},
    {"transformer.h.{}.attn.c_proj.weight", "blk.{}.attn_output.weight", transposed},
    {"transformer.h.{}.attn.c_proj.bias", "blk.{}.attn_output.bias"},
    {"transformer.h.{}.ln_2", "blk.{}.ffn_norm"},
    {"transformer.h.{}.mlp.c_fc.weight", "blk.{}.ffn_up.weight", transposed},
    {"transformer.h.{}.mlp.c_fc.bias", "blk.{}.ffn_up.bias"},
    {"transformer.h.{}.mlp.c_proj.weight", "blk.{}.ffn_down.weight", transposed},
    {"transformer.h.{}.mlp.c_proj.bias", "blk.{}.ffn_down.bias"},
};
constexpr TensorRule kGptNeoX[] = {
    {"gpt_neox.embed_in", "token_embd"},
    {"gpt_neox.final_layer_norm", "output_norm"},
    {"embed_out", "output"},
    {"gpt_neox.layers.{}.input_layernorm", "blk.{}.attn_norm"},
    {"gpt_neox.layers.{}.attention.query_key_value", "blk.{}.attn_qkv", qkv_by_head},
    {"gpt_neox.layers.{}.attention.dense", "blk.{}.attn_output"},
    {"gpt_neox.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"},
    {"gpt_neox.layers.{}.mlp.dense_h_to_4h", "blk.{}.ffn_up"},
    {"gpt_neox.layers.{}.mlp.dense_4h_to_h", "blk.{}.ffn_down"},
};
constexpr TensorRule kPhi[] = {
    {"model.final_layernorm", "output_norm"},
    {"model.layers.{}.self_attn.dense", "blk.{}.attn_output"},
    {"model.layers.{}.mlp.fc1", "blk.{}.ffn_up"},
    {"model.layers.{}.mlp.fc2", "blk.{}.ffn_down"},
};
constexpr TensorRule kFused[] = {
    {"model.layers.{}.self_attn.qkv_proj", "blk.{}.attn_qkv"},
    {"model.layers.{}.mlp.gate_up_proj", "blk.{}.ffn_up"},
};
constexpr TensorRule kGlm4[] = {
    {"model.layers.{}.post_self_attn_layernorm", "blk.{}.post_attention_norm"},
    {"model.layers.{}.post_mlp_layernorm", "blk.{}.post_ffw_norm"},
    {"model.layers.{}.mlp.gate_up_proj", "blk.{}.ffn_up"},
};
constexpr TensorRule kStarcoder2[] = {
    {"model.layers.{}.mlp.c_fc", "blk.{}.ffn_up"},
    {"model.layers.{}.mlp.c_proj", "blk.{}.ffn_down"},
};
constexpr TensorRule kStableLm[] = {
    {"model.layers.{}.self_attn.q_layernorm.norms.{e}", "blk.{}.attn_q_norm", stacked},
    {"model.layers.{}.self_attn.k_layernorm.norms.{e}", "blk.{}.attn_k_norm", stacked},
};
constexpr TensorRule kSeedOss[] = {
    {"model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"}};
constexpr TensorRule kGptOss[] = {
    {"model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"},
    {"model.layers.{}.self_attn.sinks", "blk.{}.attn_sinks.weight"},
    {"model.layers.{}.mlp.router", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.mlp.experts.gate_up_proj", "blk.{}.ffn_gate_exps.weight", transposed_even},
    {"model.layers.{}.mlp.experts.gate_up_proj", "blk.{}.ffn_up_exps.weight", transposed_odd},
    {"model.layers.{}.mlp.experts.gate_up_proj_bias", "blk.{}.ffn_gate_exps.bias", even},
    {"model.layers.{}.mlp.experts.gate_up_proj_bias", "blk.{}.ffn_up_exps.bias", odd},
    {"model.layers.{}.mlp.experts.down_proj", "blk.{}.ffn_down_exps.weight", transposed},
    {"model.layers.{}.mlp.experts.down_proj_bias", "blk.{}.ffn_down_exps.bias"},
};
constexpr TensorRule kDeepseekTensors[] = {
    {"model.layers.{}.self_attn.q_a_proj", "blk.{}.attn_q_a"},
    {"model.layers.{}.self_attn.q_a_layernorm", "blk.{}.attn_q_a_norm"},
    {"model.layers.{}.self_attn.q_b_proj", "blk.{}.attn_q_b"},
    {"model.layers.{}.self_attn.kv_a_proj_with_mqa", "blk.{}.attn_kv_a_mqa"},
    {"model.layers.{}.self_attn.kv_a_layernorm", "blk.{}.attn_kv_a_norm"},
    {"model.layers.{}.self_attn.kv_b_proj.weight", "blk.{}.attn_k_b.weight", keys_of_latent},
    {"model.layers.{}.self_attn.kv_b_proj.weight", "blk.{}.attn_v_b.weight", values_of_latent},
    {"model.layers.{}.mlp.gate.e_score_correction_bias", "blk.{}.exp_probs_b.bias"},
    {"model.layers.{}.mlp.shared_experts.gate_proj", "blk.{}.ffn_gate_shexp"},
    {"model.layers.{}.mlp.shared_experts.up_proj", "blk.{}.ffn_up_shexp"},
    {"model.layers.{}.mlp.shared_experts.down_proj", "blk.{}.ffn_down_shexp"},
};

// ---- Architectures

constexpr std::string_view kSilu[] = {"silu", "swish"};
constexpr std::string_view kGelu[] = {"gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu"};
constexpr std::string_view kSquaredRelu[] = {"relu2"};

constexpr CheckpointArchitecture kArchitectures[] = {
    {.class_name = "LlamaForCausalLM",
     .gguf = "llama",
     .own = kLlama,
     .activations = kSilu,
     .llama3_factors = true},
    {.class_name = "MistralForCausalLM",
     .gguf = "llama",
     .own = kLlama,
     .activations = kSilu,
     .lost_window = LostWindow::always,
     .llama3_factors = true},
    {.class_name = "MixtralForCausalLM",
     .gguf = "llama",
     .own = kLlama,
     .activations = kSilu,
     .lost_window = LostWindow::always,
     .llama3_factors = true},
    {.class_name = "SmolLM3ForCausalLM",
     .gguf = "smollm3",
     .own = kLlama,
     .activations = kSilu,
     .lost_window = LostWindow::switched},
    {.class_name = "Qwen2ForCausalLM",
     .gguf = "qwen2",
     .activations = kSilu,
     .lost_window = LostWindow::switched},
    {.class_name = "Qwen2MoeForCausalLM",
     .gguf = "qwen2moe",
     .keys = kExpertWidths,
     .activations = kSilu,
     .only = kEveryLayerPlain,
     .lost_window = LostWindow::switched},
    {.class_name = "Qwen3ForCausalLM",
     .gguf = "qwen3",
     .activations = kSilu,
     .lost_window = LostWindow::switched},
    {.class_name = "Qwen3MoeForCausalLM",
     .gguf = "qwen3moe",
     .keys = kExpertWidths,
     .activations = kSilu,
     .only = kEveryLayerNormalised,
     .lost_window = LostWindow::switched},
    {.class_name = "GemmaForCausalLM",
     .gguf = "gemma",
     .activations = kGelu,
     .norms_plus_one = true,
     .tied_drops_head = true},
    {.class_name = "Gemma2ForCausalLM",
     .gguf = "gemma2",
     .keys = kSoftCaps,
     .own = kSandwich,
     .activations = kGelu,
     .norms_plus_one = true,
     .windows = true,
     .query_scalar = true,
     .tied_drops_head = true},
    {.class_name = "Gemma3ForCausalLM",
     .gguf = "gemma3",
     .keys = kSoftCaps,
     .own = kSandwich,
     .activations = kGelu,
     .only = kNoScoreCap,
     .norms_plus_one = true,
     .windows = true,
     .query_scalar = true},
    {.class_name = "GPT2LMHeadModel",
     .gguf = "gpt2",
     .own = kGpt2,
     .activations = kGelu,
     .only = kPlainScores,
     .wide_feed_forward = true},
    {.class_name = "GPTNeoXForCausalLM",
     .gguf = "gptneox",
     .keys = kParallel,
     .own = kGptNeoX,
     .activations = kGelu,
     .rotated_share = 0.25},
    {.class_name = "PhiForCausalLM",
     .gguf = "phi2",
     .own = kPhi,
     .activations = kGelu,
     .only = kNoQkNorm,
     .rotated_share = 0.5},
    {.class_name = "Phi3ForCausalLM",
     .gguf = "phi3",
     .keys = kOriginalContext,
     .own = kFused,
     .activations = kSilu,
     .lost_window = LostWindow::always,
     .long_factors = true},
    {.class_name = "GraniteForCausalLM",
     .gguf = "granite",
     .keys = kGraniteScales,
     .own = kGranite,
     .activations = kSilu,
     .llama3_factors = true},
    {.class_name = "GraniteMoeForCausalLM",
     .gguf = "granitemoe",
     .keys = kGraniteScales,
     .own = kGranite,
     .activations = kSilu,
     .llama3_factors = true},
    {.class_name = "OlmoForCausalLM",
     .gguf = "olmo",
     .keys = kClamp,
     .own = kLlama,
     .activations = kSilu,
     .layer_norm_epsilon = 1e-5},
    {.class_name = "Olmo2ForCausalLM", .gguf = "olmo2", .own = kSandwich, .activations = kSilu},
    {.class_name = "Olmo3ForCausalLM",
     .gguf = "olmo2",
     .own = kSandwich,
     .activations = kSilu,
     .windows = true},
    {.class_name = "OlmoeForCausalLM", .gguf = "olmoe", .activations = kSilu, .only = kOlmoe},
    {.class_name = "Starcoder2ForCausalLM",
     .gguf = "starcoder2",
     .own = kStarcoder2,
     .activations = kGelu,
     .lost_window = LostWindow::always},
    {.class_name = "StableLmForCausalLM",
     .gguf = "stablelm",
     .keys = kParallel,
     .own = kStableLm,
     .activations = kSilu,
     .rotated_share = 0.25},
    {.class_name = "CohereForCausalLM",
     .gguf = "command-r",
     .keys = kLogitScale,
     .activations = kSilu},
    {.class_name = "Cohere2ForCausalLM",
     .gguf = "cohere2",
     .keys = kLogitScale,
     .activations = kSilu,
     .windows = true},
    {.class_name = "Glm4ForCausalLM",
     .gguf = "glm4",
     .own = kGlm4,
     .activations = kSilu,
     .rotated_share = 0.5},
    {.class_name = "Ernie4_5ForCausalLM", .gguf = "ernie4_5", .activations = kSilu},
    {.class_name = "SeedOssForCausalLM", .gguf = "seed_oss", .own = kSeedOss, .activations = kSilu},
    {.class_name = "NemotronForCausalLM",
     .gguf = "nemotron",
     .keys = kNormEps,
     .activations = kSquaredRelu,
     .norms_plus_one = true,
     .rotated_share = 0.5},
    {.class_name = "GptOssForCausalLM",
     .gguf = "gpt-oss",
     .keys = kGptOssExperts,
     .own = kGptOss,
     .activations = kSilu,
     .windows = true},
    {.class_name = "DeepseekV3ForCausalLM",
     .gguf = "deepseek2",
     .keys = kDeepseek,
     .own = kDeepseekTensors,
     .activations = kSilu,
     .latent_attention = true},
};

struct ChangeText {
  TensorChange change;
  std::string_view name, words;
};
constexpr ChangeText kChanges[] = {
    {none, "as it is", ""},
    {q_order, "q-order", "rows of each head in the order of RoPE's pairs"},
    {k_order, "k-order", "rows of each head in the order of RoPE's pairs"},
    {qkv_by_head, "qkv-by-head", "each head's q, k and v taken apart"},
    {plus_one, "plus-one", "1 added"},
    {transposed, "transposed", "rows and columns swapped"},
    {stacked, "stacked", "one behind the other"},
    {first_half, "first-half", "the first half of the rows"},
    {second_half, "second-half", "the second half of the rows"},
    {even, "even", "every other value, from the first"},
    {odd, "odd", "every other value, from the second"},
    {transposed_even, "transposed-even", "every other column, from the first"},
    {transposed_odd, "transposed-odd", "every other column, from the second"},
    {keys_of_latent, "keys-of-latent", "each head's keys, transposed"},
    {values_of_latent, "values-of-latent", "each head's values"},
};

const ChangeText& text_of(TensorChange change) {
  return *std::ranges::find(kChanges, change, &ChangeText::change);
}

}  // namespace

std::string_view change_name(TensorChange change) { return text_of(change).name; }
std::string_view change_words(TensorChange change) { return text_of(change).words; }

std::span<const CheckpointArchitecture> checkpoint_architectures() { return kArchitectures; }
std::span<const KeyRule> common_keys() { return kCommonKeys; }
std::span<const TensorRule> common_tensors() { return kCommonTensors; }

const CheckpointArchitecture* find_checkpoint_architecture(std::string_view class_name) {
  const auto* const at =
      std::ranges::find(kArchitectures, class_name, &CheckpointArchitecture::class_name);
  return at == std::end(kArchitectures) ? nullptr : at;
}

}  // namespace crossval
