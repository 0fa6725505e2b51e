#include "synth/keys.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "gguf/file.h"
#include "model/hparams.h"
#include "model/key_reader.h"

namespace crossval {
namespace {

/// The keys that an architecture's own numbers look for.
std::set<std::string> own_keys(const Architecture& architecture) {
  const std::string header = GgufWriter("").header();
  const auto nothing = GgufFile::parse(std::as_bytes(std::span(header)), "");
  if (!nothing || architecture.own_numbers == nullptr) return {};
  KeyReader keys(*nothing, std::string(architecture.name));
  Hparams sizes;
  architecture.own_numbers(keys, sizes);
  return keys.asked();
}

class Keys {
 public:
  Keys(const Architecture& architecture, const SynthOptions& options, GgufWriter& to)
      : a_(architecture), o_(options), own_(own_keys(architecture)), to_(to) {}

  void add() {
    add_sizes();
    add_attention();
    if (a_.window.kind != WindowKind::none) add_window();
    if (a_.rope != RopePairs::none) add_rope();
    add_scales();
    if (o_.experts > 0) add_experts();
  }

 private:
  std::string key(const char* name) const { return std::string(a_.name) + "." + name; }
  void u32(const char* name, int64_t value) {
    to_.add_u32(key(name), static_cast<uint32_t>(value));
  }
  void f32(const char* name, float value) { to_.add_f32(key(name), value); }
  void flag(const char* name, bool value) { to_.add_bool(key(name), value); }
  /// Whether the architecture has numbers of its own that are made of the key.
  bool reads(const char* name) const { return own_.contains(name); }
  bool extra(const char* part) const { return has_extra(o_, part); }
  /// A number for each layer.
  void layers(const char* name, const std::function<int64_t(int64_t)>& value) {
    std::vector<int32_t> values;
    values.reserve(static_cast<size_t>(o_.layers));
    for (int64_t il = 0; il < o_.layers; ++il) values.push_back(static_cast<int32_t>(value(il)));
    to_.add_i32s(key(name), values);
  }
  /// The same where layers differ, or the file writes arrays although they do not.
  void sizes(const char* name, int64_t LayerKind::* size) {
    if (a_.layer_sizes != LayerSizes::alike || extra("sizes as arrays")) {
      layers(name, [&](int64_t il) { return size_of(il).*size; });
    } else {
      u32(name, size_of(0).*size);
    }
  }
  /// Heads and feed-forward width of a layer: what the options say for the first, and for all where
  /// the architecture has one number.
  LayerKind size_of(int64_t il) const {
    LayerKind layer = {.n_head = o_.heads, .n_head_kv = o_.kv_heads, .n_ff = o_.ff};
    if (a_.layer_sizes == LayerSizes::alike || il == 0) return layer;
    const uint64_t kind = Random(o_.seed, fmt::format("layer {}", il)).next();
    if (kind % 3 > 0) layer.n_head *= 2;
    if (kind % 3 > 1) layer.n_head_kv *= 2;
    if (a_.layer_sizes == LayerSizes::own_heads) return layer;
    if (kind / 3 % 2 > 0) layer.n_ff *= 2;
    if (a_.layer_sizes == LayerSizes::own) return layer;
    const uint64_t lack = kind / 6 % 5;
    if (lack == 1) layer.n_head = layer.n_head_kv = 0;
    if (lack == 2) layer.n_head_kv = 0;
    // llama.cpp ends itself where the last layer has nothing.
    if (lack == 3 && il + 1 < o_.layers) layer.n_ff = 0;
    return layer;
  }

  void add_sizes() {
    u32("context_length", o_.context);
    u32("embedding_length", o_.embd);
    u32("block_count", o_.layers);
    sizes("feed_forward_length", &LayerKind::n_ff);
    f32(a_.norm == NormKind::rms ? "attention.layer_norm_rms_epsilon"
                                 : "attention.layer_norm_epsilon",
        1e-5F);
    if (reads("use_parallel_residual")) flag("use_parallel_residual", !extra("sequential"));
  }

  void add_attention() {
    sizes("attention.head_count", &LayerKind::n_head);
    sizes("attention.head_count_kv", &LayerKind::n_head_kv);
    if (o_.head_dim != o_.embd / o_.heads) {
      u32("attention.key_length", o_.head_dim);
      u32("attention.value_length", o_.head_dim);
    }
    if (a_.latent_attention) {
      u32("attention.q_lora_rank", o_.embd);
      u32("attention.kv_lora_rank", o_.embd);
    }
    if (a_.score_scale_key) f32("attention.scale", 0.11F);
    if (reads("attn_logit_softcapping")) f32("attn_logit_softcapping", 20.0F);
    if (a_.clamp_qkv) f32("attention.clamp_kqv", 2.0F);
    if (reads("attention.max_alibi_bias")) f32("attention.max_alibi_bias", 8.0F);
  }

  void add_window() {
    u32("attention.sliding_window", o_.window);
    const bool own_pattern = a_.window.period > 1 && extra("own window pattern");
    if (!own_pattern) {
      const int64_t full = a_.window.full_first ? 0 : 1;
      layers("attention.sliding_window_pattern", [&](int64_t il) { return il % 2 != full; });
    }
    if (reads("attention.rope_pattern"))
      layers("attention.rope_pattern", [](int64_t il) { return il % 3 != 1; });
    if (extra("window base")) f32("rope.freq_base_swa", 5000.0F);
  }

  void add_rope() {
    u32("rope.dimension_count", o_.rope_dim);
    const bool bitnet = a_.attn_sub_norm;
    f32("rope.freq_base", bitnet || extra("rope base") ? 500000.0F : 10000.0F);
    if (bitnet) {  // as its converter writes it
      to_.add_string(key("rope.scaling.type"), "linear");
      f32("rope.scaling.factor", 1.0F);
      return;
    }
    if (a_.rope_sections != RopeSections::none) {
      const auto part = static_cast<int32_t>(o_.rope_dim / 8);
      to_.add_i32s(key("rope.dimension_sections"), std::vector<int32_t>{part, part, part, part});
    }
    if (reads("rope.scaling.alpha") && extra("rope alpha")) f32("rope.scaling.alpha", 50.0F);
    if (reads("rope.scaling.finetuned")) flag("rope.scaling.finetuned", !extra("no rope"));
    const bool tempered = reads("attention.temperature_scale") && extra("temperature");
    if (has_length_factors(a_, o_)) {
      to_.add_string(key("rope.scaling.type"), "longrope");
      f32("rope.scaling.attn_factor", 1.19F);
    } else if (extra("rope scaling")) {
      to_.add_string(key("rope.scaling.type"), extra("yarn") ? "yarn" : "linear");
      f32("rope.scaling.factor", 4.0F);
      if (a_.yarn_keys && extra("yarn keys")) {
        f32("rope.scaling.yarn_log_multiplier", 0.7F);
        f32("rope.scaling.yarn_beta_fast", 16.0F);
        f32("rope.scaling.yarn_beta_slow", 2.0F);
      }
    } else if (!tempered) {
      return;
    }
    if (tempered) f32("attention.temperature_scale", 0.1F);
    u32("rope.scaling.original_context_length", o_.context / (tempered ? 16 : 4));
  }

  void add_scales() {
    if (a_.embedding_scale == EmbeddingScale::metadata) f32("embedding_scale", 6.0F);
    if (a_.residual_scale) f32("residual_scale", 0.5F);
    if (a_.logit_scale) f32("logit_scale", 0.25F);
    if (a_.logit_divisor) f32("logit_scale", 4.0F);
    if (reads("final_logit_softcapping") && extra("logit cap"))
      f32("final_logit_softcapping", 15.0F);
  }

  void add_experts() {
    const Experts& e = a_.experts;
    u32("expert_count", o_.experts);
    u32("expert_used_count", o_.experts_used);
    if (e.width_key) u32("expert_feed_forward_length", o_.ff);
    if (e.leading_dense) u32("leading_dense_block_count", o_.layers > 2 ? 1 : 0);
    if (reads("interleave_moe_layer_step")) u32("interleave_moe_layer_step", 1);
    if (e.gating_key) u32("expert_gating_func", extra("softmax gating") ? 1 : 2);
    if (e.normalise_key) flag("expert_weights_norm", !extra("weights not normalised"));
    if (e.scale_key) f32("expert_weights_scale", extra("expert scale") ? 2.5F : 1.0F);
    switch (e.shared) {
      case SharedWidth::none:
        break;
      case SharedWidth::key:
      case SharedWidth::key_or_dense:
      case SharedWidth::key_or_expert:
        u32("expert_shared_feed_forward_length", o_.ff);
        break;
      case SharedWidth::expert_times_count:
      case SharedWidth::key_or_expert_times_count:
        u32("expert_shared_count", 1);
        break;
    }
  }

  const Architecture& a_;
  const SynthOptions& o_;
  std::set<std::string> own_;
  GgufWriter& to_;
};

}  // namespace

bool has_extra(const SynthOptions& options, std::string_view part) {
  return options.extras && Random(options.seed, "extra " + std::string(part)).next() % 2 == 0;
}

bool has_length_factors(const Architecture& architecture, const SynthOptions& options) {
  return architecture.rope_by_length == Presence::optional && has_extra(options, "length factors");
}

void add_model_keys(const Architecture& architecture, const SynthOptions& options, GgufWriter& to) {
  to.add_string("general.architecture", architecture.name);
  to.add_string("general.name", fmt::format("synth seed {}", options.seed));
  to.add_u32("general.quantization_version", 2);
  Keys(architecture, options, to).add();
}

}  // namespace crossval
