#include "synth/plan.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "model/layout.h"
#include "synth/keys.h"

namespace crossval {
namespace {

/// "blk.7.attn_q.weight" -> "attn_q.weight".
std::string_view in_layer(std::string_view name) {
  return name.starts_with("blk.") ? name.substr(name.find('.', 4) + 1) : name;
}

/// Notes what is asked for instead of finding it.
class Planner : public TensorSource {
 public:
  Planner(const Architecture& architecture, const Hparams& hparams, const SynthOptions& options)
      : TensorSource(architecture, hparams), options_(options) {}

  bool has_rows(const std::string& /*name*/, int64_t /*rows*/) const override {
    return has_extra(options_, "one gate per head");
  }
  std::vector<PlannedTensor> take() { return std::move(tensors_); }

 private:
  Matrix find_matrix(const std::string& name, int64_t rows, int64_t cols, int64_t slices,
                     Presence presence) override {
    if (!is_made(name, presence)) return {};
    std::vector<int64_t> shape = {cols};
    if (rows > 1 || slices > 1) shape.push_back(rows);
    if (slices > 1) shape.push_back(slices);
    const std::string_view part = in_layer(name);
    const bool ternary = is_bitnet() && name.starts_with("blk.");
    PlannedTensor tensor{name,
                         TensorRole::matrix,
                         std::move(shape),
                         size_of(part) / std::sqrt(static_cast<float>(cols)),
                         {}};
    if (rows == 1 || part == "ffn_gate_inp.weight") tensor.role = TensorRole::router;
    if (is_bitnet() && part == "token_embd.weight") tensor.role = TensorRole::embedding;
    if (ternary) {
      tensor.role = TensorRole::ternary;
      tensor.fed_by = name.substr(0, name.size() - part.size()) + feeding_norm(part);
      tensor.sigma /= norm_size(in_layer(tensor.fed_by));
    }
    add(std::move(tensor));
    return {&weight_format(WeightType::f32), &there_, rows, cols};
  }

  Vector find_vector(const std::string& name, int64_t size, int64_t slices,
                     Presence presence) override {
    if (!is_made(name, presence)) return {};
    std::vector<int64_t> shape = {size};
    if (slices > 1) shape.push_back(slices);
    const bool norm = name.find("norm") != std::string::npos && name.ends_with(".weight");
    const bool factor =
        name.starts_with("rope_") || name.ends_with(".scale") || name.ends_with(".scales");
    PlannedTensor tensor{name, TensorRole::bias, std::move(shape), 0.3F, {}};
    if (norm) {
      tensor.role = TensorRole::norm;
      tensor.sigma = norm_size(in_layer(name));
    }
    if (factor) {
      tensor.role = TensorRole::factor;
      tensor.sigma = name.starts_with("rope_") ? 7.0F : 0.3F;
    }
    add(std::move(tensor));
    return {reinterpret_cast<const float*>(&there_), size * slices};
  }

  bool is_made(const std::string& name, Presence presence) const {
    if (presence == Presence::required) return true;
    if (presence != Presence::optional) return false;
    const std::string_view part = in_layer(name);
    if (part == "output.weight") return !has_extra(options_, "tied head");
    if (part.ends_with(".scale")) {
      // llama.cpp reads them in layers, but of what chooses experts.
      return name.starts_with("blk.") && !part.starts_with("ffn_gate_inp") &&
             has_extra(options_, "scales");
    }
    const bool by_length = has_length_factors(architecture_, options_);
    if (part.starts_with("rope_factors")) return by_length;
    if (part == "rope_freqs.weight") return !by_length && has_extra(options_, part);
    if (part == "attn_q.bias" || part == "attn_k.bias" || part == "attn_v.bias")
      return has_extra(options_, "attn_qkv.bias");
    // llama.cpp ends itself on those of mpt.
    if (part == "attn_q_norm.weight" || part == "attn_k_norm.weight")
      return architecture_.qk_norm != QkNorm::whole && has_extra(options_, "qk norm");
    if (part == "attn_q_norm.bias" || part == "attn_k_norm.bias") return false;
    if (part.find("norm") != std::string_view::npos)  // weight and bias together
      return has_extra(options_, part.substr(0, part.rfind('.')));
    if (part.starts_with("ffn_") && part.ends_with(".bias"))
      return has_extra(options_, "ffn biases");
    return has_extra(options_, part);
  }

  /// Standard deviation of what a matrix makes of normalised inputs.
  float size_of(std::string_view part) const {
    const Hparams& h = hparams_;
    const auto width = static_cast<float>(h.n_embd);
    constexpr float kLogits = 2.5F;  // a peaked distribution
    if (part == "output.weight") return kLogits / h.logit_scale;
    if (part == "token_embd.weight") {
      // Rows are looked up, and are the head's when it is tied.
      const bool tied =
          architecture_.output == Presence::absent || has_extra(options_, "tied head");
      return tied ? kLogits / h.logit_scale : 0.5F * std::sqrt(width) / h.embedding_scale;
    }
    if (part == "position_embd.weight") return 0.1F * std::sqrt(width);
    if (part.starts_with("attn_output") || part.starts_with("ffn_down")) {
      // What the blocks add to the residual stream keeps its size from layer to layer.
      return 1.0F / std::sqrt(static_cast<float>(2 * h.n_layer)) / h.residual_scale;
    }
    return part.starts_with("attn_q.") || part.starts_with("attn_k.") ? 1.2F : 1.0F;
  }

  bool is_bitnet() const { return architecture_.attn_sub_norm; }

  /// The norm behind which a matrix of a BitNet layer stands.
  static std::string feeding_norm(std::string_view part) {
    if (part == "attn_output.weight") return "attn_sub_norm.weight";
    if (part == "ffn_down.weight") return "ffn_sub_norm.weight";
    return part.starts_with("ffn_") ? "ffn_norm.weight" : "attn_norm.weight";
  }

  /// What a norm's weights are near. In BitNet b1.58 2B-4T that of the attention is far below 1,
  /// and the scale of the matrices behind it makes up for it.
  float norm_size(std::string_view part) const {
    if (!is_bitnet()) return 1.0F;
    return part == "attn_norm.weight" ? 0.018F : part == "ffn_norm.weight" ? 1.3F : 1.0F;
  }

  void add(PlannedTensor tensor) {
    // What all layers share is asked for by each.
    if (!tensor.name.starts_with("blk."))
      for (const PlannedTensor& other : tensors_)
        if (other.name == tensor.name) return;
    tensors_.push_back(std::move(tensor));
  }

  static constexpr std::byte there_{};

  const SynthOptions& options_;
  std::vector<PlannedTensor> tensors_;
};

}  // namespace

int64_t PlannedTensor::rows() const {
  int64_t rows = 1;
  for (size_t d = 1; d < shape.size(); ++d) rows *= shape[d];
  return rows;
}

std::vector<PlannedTensor> plan_tensors(const Architecture& architecture, const Hparams& hparams,
                                        const SynthOptions& options) {
  Planner planner(architecture, hparams, options);
  lay_out(planner, architecture, hparams);
  return planner.take();
}

}  // namespace crossval
