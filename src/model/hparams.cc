#include "model/hparams.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "model/key_reader.h"

namespace crossval {
namespace {

constexpr int64_t kMaxLayers = 1 << 12;
constexpr int64_t kMaxSize = 1 << 24;  // widths, heads, positions
constexpr int64_t kMaxExperts = 1 << 12;

/// Heads and widths of the feed-forward networks. Arrays have the numbers of the layers that
/// predict further tokens too.
void read_layer_sizes(KeyReader& keys, const Architecture& arch, int64_t n_all, Hparams& h) {
  const auto own = [&](const std::string& key, bool may_differ, std::optional<int64_t> fallback) {
    return may_differ
               ? keys.numbers(key, n_all, fallback)
               : std::vector<int64_t>(static_cast<size_t>(n_all), keys.alike(key, n_all, fallback));
  };
  const bool own_heads = arch.layer_sizes != LayerSizes::alike;
  const std::string kv = "attention.head_count_kv";
  const std::vector<int64_t> heads = own("attention.head_count", own_heads, {});
  const std::vector<int64_t> kv_heads = keys.has(kv) ? own(kv, own_heads, {}) : heads;
  const std::vector<int64_t> widths =
      own("feed_forward_length", own_heads && arch.layer_sizes != LayerSizes::own_heads, 0);
  if (keys.error()) return;
  for (int64_t il = 0; il < h.n_layer; ++il) {
    const auto i = static_cast<size_t>(il);
    h.layers.push_back({.n_head = heads[i], .n_head_kv = kv_heads[i], .n_ff = widths[i]});
  }
}

/// Which layers have a window, and how wide.
void read_windows(KeyReader& keys, const Architecture& arch, Hparams& h) {
  // Of a checkpoint whose GGUF would have none (checkpoint/checkpoint.h).
  const std::string own = "checkpoint.windows";
  for (int64_t il = 0; keys.has_array(own) && il < h.n_layer; ++il)
    h.layers[static_cast<size_t>(il)].window = keys.element(own, il, 0);
  const Window& window = arch.window;
  if (window.kind == WindowKind::none) return;
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

void choose_rope_layers(const Architecture& arch, Hparams& h) {
  const bool windows = h.windowed();
  for (LayerKind& layer : h.layers) {
    layer.rope = arch.rope != RopePairs::none;
    if (arch.rope_in_window_only && windows && layer.window == 0) layer.rope = false;
  }
}

int64_t shared_width(KeyReader& keys, SharedWidth kind, const Hparams& h) {
  const int64_t n_ff = h.layers.front().n_ff;
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
      return or_else(n_ff);
    case SharedWidth::key_or_expert:
      return or_else(h.n_ff_expert);
    case SharedWidth::expert_times_count:
      return h.n_ff_expert * count();
    case SharedWidth::key_or_expert_times_count:
      return or_else(h.n_ff_expert) * count();
  }
  return 0;
}

/// Upstream's numbers of expert_gating_func; 0 leaves it to the architecture.
void read_gating(KeyReader& keys, const Experts& experts, Hparams& h) {
  h.gating = experts.gating;
  if (!experts.gating_key) return;
  const std::string key = "expert_gating_func";
  const int64_t gating = keys.integer(key, 0);
  if (gating == 1) h.gating = Gating::softmax;
  if (gating == 2) h.gating = Gating::sigmoid;
  if (gating == 3) h.gating = Gating::softmax_of_selected;
  // Where upstream has a default it is not softmax, and so is written in the table.
  if (gating == 0 && experts.gating == Gating::softmax) {
    keys.refuse("the key is missing or 0, and llama.cpp has no default for it", key,
                "Known: 1 softmax, 2 sigmoid, 3 softmax of the selected experts.");
  }
  if (gating < 0 || gating > 3) {
    keys.refuse(gating == 4 ? "gating 4, the root of softplus, is not supported"
                            : fmt::format("gating {} is not known", gating),
                key, "Known: 1 softmax, 2 sigmoid, 3 softmax of the selected experts.");
  }
}

void read_experts(KeyReader& keys, const Architecture& arch, int64_t n_all, Hparams& h) {
  const Experts& experts = arch.experts;
  if (experts.presence == Presence::absent) return;
  h.n_expert = experts.presence == Presence::required ? keys.required("expert_count")
                                                      : keys.integer("expert_count", 0);
  if (h.n_expert == 0) return;
  h.n_expert_used = keys.alike("expert_used_count", n_all, 0);
  if (h.n_expert < 1 || h.n_expert > kMaxExperts || h.n_expert_used < 1 ||
      h.n_expert_used > h.n_expert) {
    keys.refuse(fmt::format("{} of {} experts", h.n_expert_used, h.n_expert), "expert_used_count");
    return;
  }
  if (keys.integer("expert_group_count", 0) > 1)
    keys.refuse("groups of experts are not supported", "expert_group_count");
  const int64_t n_ff = h.layers.front().n_ff;
  h.n_ff_expert = experts.width_key ? keys.alike("expert_feed_forward_length", n_all, 0) : n_ff;
  if (h.n_ff_expert < 0 || h.n_ff_expert > kMaxSize)
    keys.refuse(fmt::format("{} is not in 0…{}", h.n_ff_expert, kMaxSize),
                "expert_feed_forward_length");
  if (h.n_ff_expert == 0) h.n_ff_expert = n_ff / h.n_expert_used;
  h.n_ff_shared = shared_width(keys, experts.shared, h);
  read_gating(keys, experts, h);
  h.normalise_experts =
      experts.normalise_key ? keys.flag("expert_weights_norm", false) : experts.normalise;
  h.expert_scale = experts.scale_key ? keys.real("expert_weights_scale", 0.0) : 0.0F;
  const int64_t dense =
      experts.leading_dense ? keys.within("leading_dense_block_count", 0, 0, kMaxSize) : 0;
  for (int64_t il = dense; il < h.n_layer; ++il) h.layers[static_cast<size_t>(il)].experts = true;
}

/// Latent attention has every head's keys and values of its own, and turns a part of a head.
void read_latent(KeyReader& keys, Hparams& h) {
  h.q_latent = keys.within("attention.q_lora_rank", {}, 1, kMaxSize);
  h.kv_latent = keys.within("attention.kv_lora_rank", {}, 1, kMaxSize);
  if (h.rope.n_rot < 1) keys.refuse("no value of a head is rotated", "rope.dimension_count");
  for (const LayerKind& layer : h.layers) {
    if (layer.n_head_kv == layer.n_head) continue;
    keys.refuse(fmt::format("{} heads of keys for {} of queries", layer.n_head_kv, layer.n_head),
                "attention.head_count_kv");
  }
}

/// A scale that the file may give as 0 for "none".
float scale_or(KeyReader& keys, const std::string& key) {
  const float scale = keys.real(key, 1.0);
  return scale == 0.0F ? 1.0F : scale;
}

void read_scales(KeyReader& keys, const Architecture& arch, Hparams& h) {
  const auto width = static_cast<float>(h.n_embd);
  switch (arch.embedding_scale) {
    case EmbeddingScale::none:
      break;
    case EmbeddingScale::metadata:
      h.embedding_scale = scale_or(keys, "embedding_scale");
      break;
    case EmbeddingScale::sqrt_width:
      h.embedding_scale = std::sqrt(width);
      break;
  }
  if (arch.residual_scale) h.residual_scale = scale_or(keys, "residual_scale");
  if (arch.logit_scale) h.logit_scale = scale_or(keys, "logit_scale");
  if (arch.logit_divisor) h.logit_scale = 1.0F / keys.real("logit_scale", 1.0);
  float scale = 1.0F / std::sqrt(static_cast<float>(h.head_dim_k));
  if (arch.score_scale_key) {
    const float given = keys.real("attention.scale", 0.0);
    if (given != 0.0F) scale = given;
  }
  (arch.score_scale == ScoreScale::query ? h.query_scale : h.score_scale) = scale;
  if (arch.clamp_qkv) h.clamp_qkv = keys.real("attention.clamp_kqv", 0.0);
  h.alibi_bias = arch.alibi_bias;
}

/// What upstream computes with and we do not: refused where it would change numbers.
void refuse_ignored(KeyReader& keys, const Architecture& arch, const Hparams& h) {
  if (!keys.flag("attention.causal", true))
    keys.refuse("attention that is not causal is not supported", "attention.causal",
                "llama.cpp has it: two of its builds or profiles can be compared "
                "(docs/llama-cpp.md).");
  if (arch.window.kind == WindowKind::none) return;
  for (const auto& [key, usual] :
       {std::pair<const char*, int64_t>{"key", h.head_dim_k}, {"value", h.head_dim_v}}) {
    const std::string name = fmt::format("attention.{}_length_swa", key);
    if (const int64_t own = keys.integer(name, usual); own != usual) {
      keys.refuse(fmt::format("heads of {} values in layers with a window, {} in others, are not "
                              "supported",
                              own, usual),
                  name);
    }
  }
}

tl::unexpected<Error> bad_number(const Hparams& h, const GgufFile& file, std::string what) {
  return fail(ExitCode::bad_input_file, std::move(what),
              file.path() + ", keys " + h.architecture + ".*");
}

/// Of `name`, in layer il where that is not the first.
std::string number_text(const char* name, int64_t value, int64_t il) {
  return il == 0 ? fmt::format("{} is {}", name, value)
                 : fmt::format("{} is {} in layer {}", name, value, il);
}

/// The width of heads follows from the first layer's, so that layer has some.
Result<void> check_sizes(const Hparams& h, const GgufFile& file) {
  const int64_t n_head = h.layers.empty() ? 1 : h.layers.front().n_head;
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"block_count", h.n_layer},
                                    {"embedding_length", h.n_embd},
                                    {"attention.head_count", n_head},
                                    {"head width", h.head_dim_k},
                                    {"head width of values", h.head_dim_v},
                                    {"context_length", h.n_ctx_train}}) {
    if (value < 1 || value > kMaxSize) return bad_number(h, file, number_text(name, value, 0));
  }
  return {};
}

/// Of each layer; what an architecture's layers may lack may be 0.
Result<void> check_layers(const Hparams& h, const Architecture& arch, const GgufFile& file) {
  const int64_t least = arch.layer_sizes == LayerSizes::lacking ? 0 : 1;
  for (int64_t il = 0; il < h.n_layer; ++il) {
    const LayerKind& layer = h.layers[static_cast<size_t>(il)];
    for (const auto& [name, value, low] :
         {std::tuple<const char*, int64_t, int64_t>{"attention.head_count", layer.n_head, least},
          {"attention.head_count_kv", layer.n_head_kv, least},
          {"feed_forward_length", layer.n_ff, layer.experts ? 0 : least}}) {
      if (value < low || value > kMaxSize) return bad_number(h, file, number_text(name, value, il));
    }
    if (layer.attends() && (layer.n_head < 1 || layer.n_head % layer.n_head_kv != 0)) {
      return bad_number(
          h, file,
          fmt::format("{} heads cannot share {} key/value heads", layer.n_head, layer.n_head_kv));
    }
  }
  return {};
}

Result<void> check_numbers(const Hparams& h, const GgufFile& file) {
  for (const Rope* rope : {&h.rope, &h.window_rope}) {
    if (rope->n_rot % 2 != 0)
      return bad_number(h, file, fmt::format("rope.dimension_count is {}", rope->n_rot));
    if (!(rope->base > 0.0F) || !std::isfinite(rope->base))
      return bad_number(h, file, fmt::format("rope.freq_base is {}", rope->base));
  }
  if (!(h.norm_eps >= 0.0F) || !(h.norm_eps < 1.0F))
    return bad_number(h, file, fmt::format("the norm's epsilon is {}", h.norm_eps));
  return {};
}

}  // namespace

Result<Hparams> read_hparams(const GgufFile& file, const Architecture& arch) {
  Hparams h;
  h.architecture = std::string(arch.name);
  if (const auto name = file.string_or("general.name", ""); name) h.name = std::string(*name);

  KeyReader keys(file, h.architecture);
  const int64_t n_all = keys.within("block_count", {}, 0, kMaxLayers);
  h.n_layer = n_all - keys.within("nextn_predict_layers", 0, 0, kMaxLayers);
  h.n_embd = keys.required("embedding_length");
  h.n_ctx_train = keys.required("context_length");
  read_layer_sizes(keys, arch, n_all, h);
  const int64_t n_head = h.layers.empty() ? 0 : h.layers.front().n_head;
  const int64_t head_dim = n_head > 0 ? h.n_embd / n_head : 0;
  h.head_dim_k = keys.integer("attention.key_length", head_dim);
  h.head_dim_v = keys.integer("attention.value_length", head_dim);
  if (keys.error()) return tl::unexpected(*keys.error());
  if (auto ok = check_sizes(h, file); !ok) return tl::unexpected(ok.error());

  h.norm_eps = keys.real(arch.norm == NormKind::rms ? "attention.layer_norm_rms_epsilon"
                                                    : "attention.layer_norm_epsilon",
                         std::numeric_limits<double>::quiet_NaN());
  h.rope = read_rope(keys, arch, h.head_dim_k, h.n_ctx_train);
  h.window_rope = read_window_rope(keys, arch, h.rope, h.head_dim_k);
  read_windows(keys, arch, h);
  choose_rope_layers(arch, h);
  read_experts(keys, arch, n_all, h);
  read_scales(keys, arch, h);
  if (arch.latent_attention) read_latent(keys, h);
  h.block = arch.block;
  if (keys.error()) return tl::unexpected(*keys.error());
  if (arch.own_numbers != nullptr) arch.own_numbers(keys, h);
  refuse_ignored(keys, arch, h);
  if (keys.error()) return tl::unexpected(*keys.error());
  if (auto ok = check_layers(h, arch, file); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_numbers(h, file); !ok) return tl::unexpected(ok.error());
  return h;
}

}  // namespace crossval
