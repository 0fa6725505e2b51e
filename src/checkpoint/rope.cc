#include "checkpoint/rope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/shown_text.h"

namespace crossval {
namespace {

using nlohmann::json;

constexpr int64_t kWidestHead = 1 << 16;

class RopeReader {
 public:
  RopeReader(const JsonFile& config, const CheckpointArchitecture& architecture, KeyList& keys,
             Losses& losses)
      : config_(config), row_(architecture), keys_(keys), losses_(losses) {
    parameters_ = config.find("rope_parameters");
    member_ = parameters_ != nullptr ? "rope_parameters" : "rope_scaling";
    if (parameters_ == nullptr) parameters_ = config.find("rope_scaling");
    if (parameters_ != nullptr && !parameters_->is_object()) {
      config.refuse("no JSON object", member_);
      parameters_ = nullptr;
    }
    if (parameters_ == nullptr) return;
    sliding_ = member(*parameters_, "sliding_attention");
    if (const json* full = member(*parameters_, "full_attention")) parameters_ = full;
  }

  std::vector<ComputedTensor> read() {
    constexpr std::string_view kBases[] = {"rope_theta", "rotary_emb_base"};
    if (const auto base = number("rope_theta", config_.number(kBases)))
      keys_.add_real(key("rope.freq_base"), *base);
    read_sliding();
    read_rotated();
    const std::string type = scaling_type();
    if (type.empty() || type == "default") return {};
    if (type == "linear") {
      add_factor("linear");
    } else if (type == "yarn") {
      read_yarn();
    } else if (type == "llama3") {
      return llama3_factors();
    } else if (type == "longrope" || type == "su") {
      return long_factors();
    } else if (type == "dynamic") {
      losses_.add(
          "RoPE's base grows with the length of the text (rope type dynamic); a GGUF has "
          "one base",
          false);
    } else {
      config_.refuse(fmt::format("rope type {} is not known", shown_text(type)), member_,
                     "Known: default, linear, yarn, llama3, longrope, su, dynamic.");
    }
    return {};
  }

 private:
  std::string key(std::string_view name) const { return fmt::format("{}.{}", row_.gguf, name); }

  static const json* member(const json& object, std::string_view name) {
    const auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }

  std::optional<double> number(std::string_view name,
                               std::optional<double> fallback = std::nullopt) const {
    const json* value = parameters_ == nullptr ? nullptr : member(*parameters_, name);
    if (value == nullptr) return fallback;
    if (value->is_number()) return value->get<double>();
    config_.refuse(fmt::format("{} where a number belongs", value->dump()),
                   fmt::format("{}.{}", member_, name));
    return fallback;
  }

  std::string scaling_type() const {
    for (const char* name : {"rope_type", "type"}) {
      const json* value = parameters_ == nullptr ? nullptr : member(*parameters_, name);
      if (value != nullptr && value->is_string()) return value->get<std::string>();
    }
    return {};
  }

  void read_sliding() {
    std::optional<double> base = config_.number("rope_local_base_freq");
    if (sliding_ != nullptr && sliding_->is_object()) {
      const json* theta = member(*sliding_, "rope_theta");
      if (theta != nullptr && theta->is_number()) base = theta->get<double>();
    }
    if (base) keys_.add_real(key("rope.freq_base_swa"), *base);
  }

  /// Values of a head.
  int64_t head_width() const {
    constexpr std::string_view kWidths[] = {"hidden_size", "n_embd"};
    constexpr std::string_view kHeads[] = {"num_attention_heads", "n_head"};
    const int64_t heads = config_.integer(kHeads).value_or(0);
    const auto own = config_.integer("head_dim");
    if (own) return std::min(*own, kWidestHead);
    return heads == 0 ? 0 : std::min(config_.integer(kWidths).value_or(0) / heads, kWidestHead);
  }

  /// Values of a head that turn.
  int64_t rotated() const {
    constexpr std::string_view kShares[] = {"partial_rotary_factor", "rotary_pct"};
    const auto share = config_.number(kShares);
    const double given = *number("partial_rotary_factor", share.value_or(row_.rotated_share));
    return static_cast<int64_t>(std::clamp(given, 0.0, 1.0) * static_cast<double>(head_width()));
  }

  void read_rotated() {
    if (const int64_t width = rotated(); width != head_width())
      keys_.add_integer(key("rope.dimension_count"), static_cast<uint64_t>(width));
  }

  /// Positions before the scaling.
  double original_context() const {
    const auto own = number("original_max_position_embeddings",
                            config_.number("original_max_position_embeddings"));
    return own.value_or(config_.number("max_position_embeddings").value_or(0));
  }

  double needed(std::string_view name) const {
    const auto value = number(name);
    if (!value || !(*value > 0)) {
      config_.refuse("a number above 0 is missing", fmt::format("{}.{}", member_, name));
      return 1;
    }
    return *value;
  }

  void add_factor(std::string_view type) {
    keys_.add_text(key("rope.scaling.type"), std::string(type));
    keys_.add_real(key("rope.scaling.factor"), needed("factor"));
  }

  void read_yarn() {
    add_factor("yarn");
    keys_.add_integer(key("rope.scaling.original_context_length"),
                      static_cast<uint64_t>(std::clamp(original_context(), 0.0, 2e9)));
    for (const auto& [name, own] : {std::pair{"extrapolation_factor", "yarn_ext_factor"},
                                    {"attention_factor", "yarn_attn_factor"},
                                    {"beta_fast", "yarn_beta_fast"},
                                    {"beta_slow", "yarn_beta_slow"}}) {
      if (const auto value = number(name))
        keys_.add_real(key(std::string("rope.scaling.") + own), *value);
    }
    const json* truncate = member(*parameters_, "truncate");
    if (truncate != nullptr && *truncate == false) {
      losses_.add(
          "YaRN's range of pairs is not rounded to whole ones (truncate is false); "
          "llama.cpp rounds it, and a GGUF has no key for it",
          false);
    }
  }

  /// Source: transformers' _compute_llama3_parameters; here what each angle is divided by.
  std::vector<ComputedTensor> llama3_factors() {
    if (!row_.llama3_factors) {
      losses_.add(
          fmt::format("RoPE is scaled as Llama 3's; a GGUF of {} has no factors for it", row_.gguf),
          false);
      return {};
    }
    const auto base =
        static_cast<float>(number("rope_theta", config_.number("rope_theta")).value_or(10000.0));
    const auto factor = static_cast<float>(needed("factor"));
    const auto low = static_cast<float>(needed("low_freq_factor"));
    const auto high = static_cast<float>(needed("high_freq_factor"));
    const auto context = static_cast<float>(original_context());
    const int64_t width = head_width();
    ComputedTensor tensor{"rope_freqs.weight", {}};
    tensor.values.reserve(static_cast<size_t>(width / 2));
    for (int64_t i = 0; i < width; i += 2) {
      const float frequency =
          1.0F / std::pow(base, static_cast<float>(i) / static_cast<float>(width));
      const float length = 2.0F * std::numbers::pi_v<float> / frequency;
      if (length < context / high) {
        tensor.values.push_back(1.0F);
      } else if (length > context / low) {
        tensor.values.push_back(factor);
      } else {
        const float smooth = (context / length - low) / (high - low);
        tensor.values.push_back(1.0F / ((1.0F - smooth) / factor + smooth));
      }
    }
    return {std::move(tensor)};
  }

  std::vector<ComputedTensor> long_factors() {
    if (!row_.long_factors) {
      losses_.add(
          fmt::format("RoPE has factors by length (longrope); a GGUF of {} has none", row_.gguf),
          false);
      return {};
    }
    const double original = original_context();
    const double scale =
        original > 0 ? config_.number("max_position_embeddings").value_or(0) / original : 0;
    keys_.add_real(key("rope.scaling.attn_factor"),
                   scale > 1 ? std::sqrt(1 + std::log(scale) / std::log(original)) : 1.0);
    std::vector<ComputedTensor> tensors;
    for (const auto& [name, own] : {std::pair{"long_factor", "rope_factors_long.weight"},
                                    {"short_factor", "rope_factors_short.weight"}}) {
      const json* list = member(*parameters_, name);
      const auto pairs = static_cast<size_t>(rotated() / 2);
      if (list == nullptr || !list->is_array() || list->size() != pairs ||
          !std::ranges::all_of(*list, [](const json& v) { return v.is_number(); })) {
        config_.refuse(fmt::format("no list of {} numbers, one a pair that turns", pairs),
                       fmt::format("{}.{}", member_, name));
        return {};
      }
      tensors.push_back({own, list->get<std::vector<float>>()});
    }
    return tensors;
  }

  const JsonFile& config_;
  const CheckpointArchitecture& row_;
  KeyList& keys_;
  Losses& losses_;
  const json* parameters_ = nullptr;  // of layers without a window
  const json* sliding_ = nullptr;
  std::string member_;
};

}  // namespace

std::vector<ComputedTensor> add_rope(const JsonFile& config,
                                     const CheckpointArchitecture& architecture, KeyList& keys,
                                     Losses& losses) {
  return RopeReader(config, architecture, keys, losses).read();
}

}  // namespace crossval
