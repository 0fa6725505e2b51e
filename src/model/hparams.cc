#include "model/hparams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/key_reader.h"

namespace crossval {
namespace {

constexpr int64_t kMaxLayers = 1 << 12;
constexpr int64_t kMaxSize = 1 << 24;  // widths, heads, positions
constexpr int64_t kMaxExperts = 1 << 12;

void read_yarn(KeyReader& keys, Rope& rope) {
  // The rotation itself multiplies by 1 + 0.1·log(factor); upstream sets the magnitude to that
  // and divides it out again, in f32, in this order.
  const auto magnitude = [](float stretch, float multiplier) {
    return stretch <= 1.0F ? 1.0F : 0.1F * multiplier * std::log(stretch) + 1.0F;
  };
  rope.ext_factor = 1.0F;
  const float stretch = 1.0F / rope.scale;
  const float log_multiplier = keys.real("rope.scaling.yarn_log_multiplier", 0.0);
  rope.attn_factor = log_multiplier != 0.0F
                         ? magnitude(stretch, 1.0F) / magnitude(stretch, log_multiplier)
                         : magnitude(stretch, 1.0F);
  rope.attn_factor *= 1.0F / (1.0F + 0.1F * std::log(stretch));
}

/// M-RoPE on text: pairs in halves; those of the fourth section stand still.
void read_sections(KeyReader& keys, RopeSections kind, Rope& rope) {
  const std::string key = "rope.dimension_sections";
  if (kind == RopeSections::none || !keys.has_array(key)) return;
  const int64_t sections[] = {keys.element(key, 0, 0), keys.element(key, 1, 0),
                              keys.element(key, 2, 0), keys.element(key, 3, 0)};
  if (sections[0] <= 0 || sections[1] <= 0) return;
  int64_t total = 0;
  for (const int64_t section : sections) total += std::clamp<int64_t>(section, 0, rope.n_rot);
  rope.pairs = RopePairs::halves;
  for (int64_t pair = 0; pair < rope.n_rot / 2; ++pair) {
    const int64_t at = pair % total;
    const bool turns = kind == RopeSections::interleaved
                           ? at < 3 * sections[at % 3]
                           : at < sections[0] + sections[1] + sections[2];
    rope.still.push_back(!turns);
  }
}

Rope read_rope(KeyReader& keys, const Architecture& arch, const Hparams& h) {
  Rope rope;
  rope.pairs = arch.rope;
  rope.n_rot = keys.within("rope.dimension_count", h.head_dim_k, 0, h.head_dim_k);
  read_sections(keys, arch.rope_sections, rope);
  rope.base = keys.real("rope.freq_base", 10000.0);
  const float alpha = arch.rope_alpha_key ? keys.real("rope.scaling.alpha", 0.0) : 0.0F;
  if (alpha > 0.0F) {
    const auto width = static_cast<float>(h.head_dim_k);
    const auto less = static_cast<float>(h.head_dim_k - 2);
    rope.base *= std::pow(alpha, width / less);
  }
  rope.n_ctx_orig = keys.integer("rope.scaling.original_context_length", h.n_ctx_train);
  const std::string scaling = keys.text("rope.scaling.type", "linear");
  rope.scaling = scaling == "yarn"       ? RopeScaling::yarn
                 : scaling == "longrope" ? RopeScaling::longrope
                 : scaling == "none"     ? RopeScaling::none
                                         : RopeScaling::linear;
  // Older converters wrote rope.scale_linear instead of rope.scaling.factor.
  const float factor = keys.has("rope.scaling.factor") ? keys.real("rope.scaling.factor", 0.0)
                                                       : keys.real("rope.scale_linear", 0.0);
  if (factor != 0.0F && rope.scaling != RopeScaling::none) rope.scale = 1.0F / factor;
  rope.beta_fast = keys.real("rope.scaling.yarn_beta_fast", 32.0);
  rope.beta_slow = keys.real("rope.scaling.yarn_beta_slow", 1.0);
  if (rope.scaling == RopeScaling::yarn) read_yarn(keys, rope);
  rope.attn_factor *= keys.real("rope.scaling.attn_factor", 1.0);
  return rope;
}

Rope read_window_rope(KeyReader& keys, const Architecture& arch, const Rope& usual) {
  Rope rope = usual;
  if (arch.window.own_rope_base) rope.base = 10000.0F;
  if (arch.window.base_key) rope.base = keys.real("rope.freq_base_swa", rope.base);
  if (arch.window.own_rope_scale) rope.scale = 1.0F;
  if (arch.window.plain_rope) {
    rope.ext_factor = 0.0F;
    rope.attn_factor = 1.0F;
  }
  return rope;
}

/// Which layers have a window, and how wide.
void read_windows(KeyReader& keys, const Architecture& arch, Hparams& h) {
  const Window& window = arch.window;
  if (window.kind == WindowKind::none) return;
  if (window.only_layers != 0 && h.n_layer != window.only_layers) return;
  const std::string key = "attention.sliding_window";
  const int64_t size = window.size_key == Presence::required
                           ? keys.required(key)
                           : keys.integer(key, window.default_size);
  if (size <= 0) return;
  const std::string pattern = "attention.sliding_window_pattern";
  const int64_t period = keys.has_array(pattern) ? 0 : keys.integer(pattern, window.period);
  for (int64_t il = 0; il < h.n_layer; ++il) {
    const bool windowed = keys.has_array(pattern) ? keys.element(pattern, il, 0) != 0
                          : period <= 0           ? true
                          : window.full_first     ? il % period != 0
                                                  : il % period < period - 1;
    if (windowed) h.layers[static_cast<size_t>(il)].window = size;
  }
}

void read_rope_layers(KeyReader& keys, const Architecture& arch, Hparams& h) {
  const bool on = arch.rope != RopePairs::none &&
                  (!arch.rope_finetuned_key || keys.flag("rope.scaling.finetuned", true)) &&
                  (arch.rope_layers == 0 || h.n_layer == arch.rope_layers);
  const std::string pattern = "attention.rope_pattern";
  const bool patterned = arch.rope_pattern_key && keys.has_array(pattern);
  const bool windows = h.windowed();
  for (int64_t il = 0; il < h.n_layer; ++il) {
    LayerKind& layer = h.layers[static_cast<size_t>(il)];
    layer.rope = on && (!patterned || keys.element(pattern, il, 1) != 0);
    if (arch.no_rope_period > 0 && (il + 1) % arch.no_rope_period == 0) layer.rope = false;
    if (arch.rope_in_window_only && windows && layer.window == 0) layer.rope = false;
  }
}

int64_t shared_width(KeyReader& keys, SharedWidth kind, const Hparams& h) {
  const std::string key = "expert_shared_feed_forward_length";
  const auto or_else = [&](int64_t fallback) {
    const int64_t given = keys.within(key, 0, 0, kMaxSize);
    return given > 0 ? given : fallback;
  };
  const auto count = [&] { return keys.within("expert_shared_count", {}, 0, kMaxExperts); };
  switch (kind) {
    case SharedWidth::none:
      break;
    case SharedWidth::key:
      return or_else(0);
    case SharedWidth::key_or_dense:
      return or_else(h.n_ff);
    case SharedWidth::key_or_expert:
      return or_else(h.n_ff_expert);
    case SharedWidth::expert_times_count:
      return h.n_ff_expert * count();
    case SharedWidth::key_or_expert_times_count:
      return or_else(h.n_ff_expert) * count();
  }
  return 0;
}

void read_experts(KeyReader& keys, const Architecture& arch, Hparams& h) {
  const Experts& experts = arch.experts;
  if (experts.presence == Presence::absent) return;
  h.n_expert = experts.presence == Presence::required ? keys.required("expert_count")
                                                      : keys.integer("expert_count", 0);
  if (h.n_expert == 0) return;
  h.n_expert_used = keys.required("expert_used_count");
  if (h.n_expert < 1 || h.n_expert > kMaxExperts || h.n_expert_used < 1 ||
      h.n_expert_used > h.n_expert) {
    keys.refuse(fmt::format("{} of {} experts", h.n_expert_used, h.n_expert), "expert_used_count");
    return;
  }
  if (keys.integer("expert_group_count", 0) > 1)
    keys.refuse("groups of experts are not supported", "expert_group_count");
  h.n_ff_expert =
      experts.width_key ? keys.within("expert_feed_forward_length", 0, 0, kMaxSize) : h.n_ff;
  if (h.n_ff_expert == 0) h.n_ff_expert = h.n_ff / h.n_expert_used;
  h.n_ff_shared = shared_width(keys, experts.shared, h);
  h.gating = experts.gating;
  if (experts.gating_key) {
    const int64_t gating = keys.integer("expert_gating_func", 0);
    if (gating == 1) h.gating = Gating::softmax;
    if (gating == 2) h.gating = Gating::sigmoid;
    if (gating == 3) h.gating = Gating::softmax_of_selected;
    if (gating > 3)
      keys.refuse(fmt::format("gating {} is not supported", gating), "expert_gating_func");
  }
  h.normalise_experts =
      experts.normalise_key ? keys.flag("expert_weights_norm", false) : experts.normalise;
  h.expert_scale = experts.scale_key ? keys.real("expert_weights_scale", 0.0) : 0.0F;
  const int64_t dense =
      experts.leading_dense ? keys.within("leading_dense_block_count", 0, 0, kMaxSize) : 0;
  const int64_t step = experts.step_key ? keys.required("interleave_moe_layer_step") : 1;
  if (step < 1) keys.refuse(fmt::format("the step is {}", step), "interleave_moe_layer_step");
  for (int64_t il = dense; il < h.n_layer && step > 0; ++il)
    h.layers[static_cast<size_t>(il)].experts = (il + 1) % step == 0;
}

/// A scale that the file may give as 0 for "none".
float scale_or(KeyReader& keys, const std::string& key, double fallback) {
  const float scale = keys.real(key, fallback);
  return scale == 0.0F ? 1.0F : scale;
}

void read_scales(KeyReader& keys, const Architecture& arch, Hparams& h) {
  const auto width = static_cast<float>(h.n_embd);
  switch (arch.embedding_scale) {
    case EmbeddingScale::none:
      break;
    case EmbeddingScale::metadata:
      h.embedding_scale = scale_or(keys, "embedding_scale", arch.minicpm_scales ? 12.0 : 1.0);
      break;
    case EmbeddingScale::sqrt_width:
      h.embedding_scale = std::sqrt(width);
      break;
  }
  if (arch.residual_scale) {
    const float fallback =
        arch.minicpm_scales ? 1.4F / std::sqrt(static_cast<float>(h.n_layer)) : 1.0F;
    h.residual_scale = scale_or(keys, "residual_scale", fallback);
  }
  if (arch.logit_scale) h.logit_scale = scale_or(keys, "logit_scale", 1.0);
  if (arch.logit_divisor) {
    h.logit_scale = 1.0F / (arch.minicpm_scales ? keys.real("logit_scale", 256.0F / width)
                                                : keys.real("logit_scale", 1.0));
  }
  float scale = 1.0F / std::sqrt(static_cast<float>(h.head_dim_k));
  if (arch.inverse_score_scale) scale = 1.0F / static_cast<float>(h.head_dim_k);
  if (arch.wide_scale_layers != 0 && h.n_layer == arch.wide_scale_layers) {
    const int64_t share = h.n_embd / h.n_head;
    scale = 1.0F / std::sqrt(static_cast<float>(share));
  }
  if (arch.score_scale_key) {
    const float given = keys.real("attention.scale", 0.0);
    if (given != 0.0F) scale = given;
  }
  (arch.score_scale == ScoreScale::query ? h.query_scale : h.score_scale) = scale;
  if (arch.score_soft_cap != 0.0F)
    h.score_soft_cap = keys.real("attn_logit_softcapping", arch.score_soft_cap);
  if (arch.logit_soft_cap_key || arch.logit_soft_cap != 0.0F)
    h.logit_soft_cap = keys.real("final_logit_softcapping", arch.logit_soft_cap);
  if (arch.clamp_qkv) h.clamp_qkv = keys.real("attention.clamp_kqv", 0.0);
  h.alibi_bias = arch.alibi_key ? keys.real("attention.max_alibi_bias", 0.0) : arch.alibi_bias;
  if (arch.alibi_layers != 0 && h.n_layer != arch.alibi_layers) h.alibi_bias = 0.0F;
}

Result<void> check_sizes(const Hparams& h, const GgufFile& file) {
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, file.path() + ", keys " + h.architecture + ".*");
  };
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"block_count", h.n_layer},
                                    {"embedding_length", h.n_embd},
                                    {"attention.head_count", h.n_head},
                                    {"attention.head_count_kv", h.n_head_kv},
                                    {"head width", h.head_dim_k},
                                    {"head width of values", h.head_dim_v},
                                    {"feed_forward_length", h.n_ff},
                                    {"context_length", h.n_ctx_train}}) {
    if (value < 1 || value > kMaxSize) return bad(fmt::format("{} is {}", name, value));
  }
  if (h.n_head % h.n_head_kv != 0)
    return bad(fmt::format("{} heads cannot share {} key/value heads", h.n_head, h.n_head_kv));
  return {};
}

Result<void> check_numbers(const Hparams& h, const GgufFile& file) {
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, file.path() + ", keys " + h.architecture + ".*");
  };
  if (h.rope.n_rot % 2 != 0) return bad(fmt::format("rope.dimension_count is {}", h.rope.n_rot));
  if (!(h.norm_eps >= 0.0F) || !(h.norm_eps < 1.0F))
    return bad(fmt::format("the norm's epsilon is {}", h.norm_eps));
  for (const Rope* rope : {&h.rope, &h.window_rope}) {
    if (!(rope->base > 0.0F) || !std::isfinite(rope->base))
      return bad(fmt::format("rope.freq_base is {}", rope->base));
  }
  return {};
}

}  // namespace

Result<Hparams> read_hparams(const GgufFile& file, const Architecture& arch) {
  Hparams h;
  h.architecture = std::string(arch.name);
  if (const auto name = file.string_or("general.name", ""); name) h.name = std::string(*name);

  KeyReader keys(file, h.architecture);
  h.n_layer = keys.within("block_count", {}, 0, kMaxLayers) -
              keys.within("nextn_predict_layers", 0, 0, kMaxLayers);
  h.n_embd = keys.required("embedding_length");
  h.n_ctx_train = keys.required("context_length");
  h.n_ff = keys.required("feed_forward_length") / (arch.half_ffn ? 2 : 1);
  h.n_head = keys.required("attention.head_count");
  h.n_head_kv = keys.integer("attention.head_count_kv", h.n_head);
  const int64_t head_dim = h.n_head > 0 ? h.n_embd / h.n_head : 0;
  h.head_dim_k = keys.integer("attention.key_length", head_dim);
  h.head_dim_v = keys.integer("attention.value_length", head_dim);
  if (keys.error()) return tl::unexpected(*keys.error());
  if (auto ok = check_sizes(h, file); !ok) return tl::unexpected(ok.error());

  h.layers.resize(static_cast<size_t>(h.n_layer));
  h.norm_eps = keys.real(arch.norm == NormKind::rms ? "attention.layer_norm_rms_epsilon"
                                                    : "attention.layer_norm_epsilon",
                         std::numeric_limits<double>::quiet_NaN());
  h.rope = read_rope(keys, arch, h);
  h.window_rope = read_window_rope(keys, arch, h.rope);
  read_windows(keys, arch, h);
  read_rope_layers(keys, arch, h);
  read_experts(keys, arch, h);
  read_scales(keys, arch, h);
  h.block = arch.block;
  if (arch.block_key && !keys.flag("use_parallel_residual", true)) h.block = Block::sequential;
  if (keys.error()) return tl::unexpected(*keys.error());
  if (auto ok = check_numbers(h, file); !ok) return tl::unexpected(ok.error());
  return h;
}

}  // namespace crossval
