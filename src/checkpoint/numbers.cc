#include "checkpoint/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/shown_text.h"

namespace crossval {
namespace {

using nlohmann::json;

// Layers of a model that anyone has; more come of a damaged file.
constexpr int64_t kMostLayers = 1 << 12;

class Numbers {
 public:
  Numbers(const JsonFile& config, const CheckpointArchitecture& architecture, KeyList& keys,
          Losses& losses)
      : config_(config), row_(architecture), keys_(keys), losses_(losses) {}

  void add() {
    if (row_.latent_attention) add_latent();
    for (const auto rules : {row_.keys, common_keys()})
      for (const KeyRule& rule : rules) add(rule);
    layers_ = config_.integer(kLayers).value_or(0);
    if (layers_ > kMostLayers) {
      config_.refuse(fmt::format("{} layers", layers_), kLayers[0]);
      return;
    }
    if (row_.wide_feed_forward && !keys_.has(key("feed_forward_length")))
      keys_.add_integer(key("feed_forward_length"),
                        static_cast<uint64_t>(4 * config_.integer("n_embd").value_or(0)));
    if (row_.layer_norm_epsilon > 0)
      keys_.add_real(key("attention.layer_norm_epsilon"), row_.layer_norm_epsilon);
    check_activation();
    for (const OnlyValue& only : row_.only) check(only);
    if (row_.query_scalar) check_query_scalar();
    check_rope_layers();
    add_windows();
  }

 private:
  static constexpr std::string_view kLayers[] = {"num_hidden_layers", "n_layer"};

  std::string key(std::string_view name) const { return fmt::format("{}.{}", row_.gguf, name); }

  void add(const KeyRule& rule) {
    size_t n = 0;
    while (n < std::size(rule.members) && !rule.members[n].empty()) ++n;
    const JsonFile::Names members(rule.members, n);
    switch (rule.kind) {
      case KeyRule::Kind::integer:
        if (const auto v = config_.integer(members))
          keys_.add_integer(key(rule.key), static_cast<uint64_t>(*v));
        break;
      case KeyRule::Kind::real:
        if (const auto v = config_.number(members)) keys_.add_real(key(rule.key), *v);
        break;
      case KeyRule::Kind::flag:
        if (const auto v = config_.flag(members)) keys_.add_flag(key(rule.key), *v);
        break;
    }
  }

  /// All heads share keys and values, which are the latent vector and what turns of a key. Experts
  /// are chosen by a sigmoid, whatever config.json says.
  void add_latent() {
    const auto size = [&](std::string_view name) {
      return static_cast<uint64_t>(config_.integer(name).value_or(0));
    };
    keys_.add_integer(key("attention.head_count_kv"), 1);
    keys_.add_integer(key("attention.key_length"), size("kv_lora_rank") + size("qk_rope_head_dim"));
    keys_.add_integer(key("attention.value_length"), size("kv_lora_rank"));
    keys_.add_integer(key("attention.key_length_mla"),
                      size("qk_nope_head_dim") + size("qk_rope_head_dim"));
    keys_.add_integer(key("expert_gating_func"), 2);
  }

  void check_activation() {
    // What llama.cpp computes is fixed for an architecture.
    for (const char* member : {"hidden_activation", "hidden_act", "activation_function"}) {
      const std::string name = config_.text(member);
      if (name.empty() || std::ranges::find(row_.activations, name) != row_.activations.end())
        continue;
      losses_.add(fmt::format("{} is {}; as a GGUF of {} it is computed with {}", member,
                              shown_text(name), row_.gguf, row_.activations.front()),
                  false);
    }
  }

  void check(const OnlyValue& only) {
    const json* value = config_.find(only.member);
    if (value == nullptr || value->dump() == only.value) return;
    losses_.add(fmt::format("{} is {}; in a GGUF of {} {}", only.member, value->dump(), row_.gguf,
                            only.effect),
                false);
  }

  void check_query_scalar() {
    const auto scalar = config_.number("query_pre_attn_scalar");
    const auto heads = config_.integer("num_attention_heads");
    const auto width = config_.integer("hidden_size");
    const auto head = config_.integer("head_dim");
    if (!scalar || !heads || !width || !head || *heads == 0) return;
    const bool shared = (row_.gguf == "gemma2" && layers_ == 46) ||  // 27B
                        (row_.gguf == "gemma3" && layers_ == 62);
    const auto expected = static_cast<double>(shared ? *width / *heads : *head);
    if (*scalar == expected) return;
    losses_.add(fmt::format("query_pre_attn_scalar is {}; in a GGUF of {} scores are divided by "
                            "the root of {}",
                            *scalar, row_.gguf, expected),
                false);
  }

  /// Layers without RoPE, which architecture smollm3 has by their number.
  void check_rope_layers() {
    const json* flags = config_.find("no_rope_layers");
    if (flags == nullptr || !flags->is_array()) return;
    for (size_t i = 0; i < flags->size(); ++i) {
      const bool turns = (*flags)[i] != 0;
      if (turns == (row_.gguf != "smollm3" || i % 4 != 3)) continue;
      losses_.add(fmt::format("no_rope_layers has {} for layer {}; a GGUF of {} {} RoPE there",
                              (*flags)[i].dump(), i, row_.gguf, turns ? "has no" : "has"),
                  false);
      return;
    }
  }

  /// Per layer whether it has a window; nothing where the file does not say.
  std::optional<std::vector<uint8_t>> windowed_layers() const {
    const json* types = config_.find("layer_types");
    const auto period = config_.integer("sliding_window_pattern");
    if (types == nullptr && !period) return std::nullopt;
    std::vector<uint8_t> windowed;
    windowed.reserve(static_cast<size_t>(layers_));
    for (size_t il = 0; il < static_cast<size_t>(layers_); ++il) {
      if (types != nullptr) {
        windowed.push_back(types->is_array() && il < types->size() &&
                           (*types)[il] == "sliding_attention");
      } else {
        windowed.push_back(*period > 0 && (il + 1) % static_cast<size_t>(*period) != 0);
      }
    }
    return windowed;
  }

  void add_windows() {
    const auto window = config_.integer("sliding_window");
    const auto use = config_.flag("use_sliding_window");
    const auto first = config_.integer("max_window_layers");
    auto windowed = windowed_layers();
    if (row_.windows) {
      if (window)
        keys_.add_integer(key("attention.sliding_window"), static_cast<uint64_t>(*window));
      if (windowed) keys_.add_flags(key("attention.sliding_window_pattern"), *windowed);
      return;
    }
    if (!windowed) windowed = std::vector<uint8_t>(static_cast<size_t>(layers_), 1);
    bool has = window && *window > 0;
    if (row_.lost_window == LostWindow::none) {
      has = has && std::ranges::find(*windowed, 1) != windowed->end() &&
            config_.find("layer_types") != nullptr;
    } else if (row_.lost_window == LostWindow::switched) {
      has = has && use.value_or(false);
      if (config_.find("layer_types") == nullptr)
        for (int64_t il = 0; il < std::min(layers_, first.value_or(0)); ++il)
          (*windowed)[static_cast<size_t>(il)] = 0;
    }
    has = has && std::ranges::find(*windowed, 1) != windowed->end();
    if (!has) return;
    std::vector<int32_t> windows;
    windows.reserve(windowed->size());
    for (const uint8_t on : *windowed)
      windows.push_back(on != 0 ? static_cast<int32_t>(*window) : 0);
    keys_.add_i32s(key("checkpoint.windows"), windows);
    losses_.add(fmt::format("{} of {} layers attend to the last {} positions; llama.cpp computes a "
                            "GGUF of {} without a window",
                            std::ranges::count(*windowed, 1), layers_, *window, row_.gguf),
                true);
  }

  const JsonFile& config_;
  const CheckpointArchitecture& row_;
  KeyList& keys_;
  Losses& losses_;
  int64_t layers_ = 0;
};

}  // namespace

void add_numbers(const JsonFile& config, const CheckpointArchitecture& architecture, KeyList& keys,
                 Losses& losses) {
  Numbers(config, architecture, keys, losses).add();
}

HeadSizes head_sizes(const JsonFile& config) {
  constexpr std::string_view kHeads[] = {"num_attention_heads", "n_head"};
  HeadSizes sizes;
  sizes.heads = config.integer(kHeads).value_or(0);
  sizes.kv_heads = config.integer("num_key_value_heads").value_or(sizes.heads);
  sizes.latent_keys = config.integer("qk_nope_head_dim").value_or(0);
  sizes.latent_values = config.integer("v_head_dim").value_or(0);
  return sizes;
}

}  // namespace crossval
