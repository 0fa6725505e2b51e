#include "model/rope.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace crossval {
namespace {

constexpr RopeScaling kScalings[] = {RopeScaling::none, RopeScaling::linear, RopeScaling::yarn,
                                     RopeScaling::longrope};

RopeScaling read_scaling(KeyReader& keys) {
  return kScalings[keys.one_of(
      "rope.scaling.type", "linear", {"none", "linear", "yarn", "longrope"},
      "llama.cpp ends itself on such a file. Convert the model again: Llama 3's scaling has no "
      "name in a model file, the converter writes it as the tensor rope_freqs.weight.")];
}

void read_yarn(KeyReader& keys, const Architecture& arch, Rope& rope) {
  // The rotation itself multiplies by 1 + 0.1·log(factor); upstream sets the magnitude to that
  // and divides it out again, in f32, in this order.
  const auto magnitude = [](float stretch, float multiplier) {
    return stretch <= 1.0F ? 1.0F : 0.1F * multiplier * std::log(stretch) + 1.0F;
  };
  rope.ext_factor = 1.0F;
  const float stretch = 1.0F / rope.scale;
  const float log_multiplier =
      arch.yarn_keys ? keys.real("rope.scaling.yarn_log_multiplier", 0.0) : 0.0F;
  rope.attn_factor = log_multiplier != 0.0F
                         ? magnitude(stretch, 1.0F) / magnitude(stretch, log_multiplier)
                         : magnitude(stretch, 1.0F);
  rope.attn_factor *= 1.0F / (1.0F + 0.1F * std::log(stretch));
  if (!arch.yarn_keys) return;
  rope.beta_fast = keys.real("rope.scaling.yarn_beta_fast", 32.0);
  rope.beta_slow = keys.real("rope.scaling.yarn_beta_slow", 1.0);
}

/// M-RoPE on text: pairs in halves; those of the fourth section stand still.
void read_sections(KeyReader& keys, RopeSections kind, int64_t head_dim_k, Rope& rope) {
  const std::string key = "rope.dimension_sections";
  if (kind == RopeSections::none) return;
  const std::vector<int64_t> sections = keys.numbers(key, 4, 0);
  int64_t total = 0;
  for (const int64_t section : sections) {
    if (section < 0 || section > head_dim_k - total) {  // upstream ends itself
      keys.refuse(fmt::format("sections of {} pairs in heads of {} values",
                              fmt::join(sections, ", "), head_dim_k),
                  key);
      return;
    }
    total += section;
  }
  if (sections[0] == 0 || sections[1] == 0) return;
  rope.pairs = RopePairs::halves;
  for (int64_t pair = 0; pair < rope.n_rot / 2; ++pair) {
    const int64_t at = pair % total;
    const bool turns = kind == RopeSections::interleaved
                           ? at < 3 * sections[at % 3]
                           : at < sections[0] + sections[1] + sections[2];
    rope.still.push_back(!turns);
  }
}

}  // namespace

Rope read_rope(KeyReader& keys, const Architecture& arch, int64_t head_dim_k, int64_t n_ctx_train) {
  Rope rope;
  rope.pairs = arch.rope;
  rope.n_rot = keys.within("rope.dimension_count", head_dim_k, 0, head_dim_k);
  read_sections(keys, arch.rope_sections, head_dim_k, rope);
  rope.base = keys.real("rope.freq_base", 10000.0);
  rope.n_ctx_orig = keys.integer("rope.scaling.original_context_length", n_ctx_train);
  rope.scaling = read_scaling(keys);
  // Older converters wrote rope.scale_linear instead of rope.scaling.factor.
  const float factor = keys.has("rope.scaling.factor") ? keys.real("rope.scaling.factor", 0.0)
                                                       : keys.real("rope.scale_linear", 0.0);
  if (factor != 0.0F && rope.scaling != RopeScaling::none) rope.scale = 1.0F / factor;
  if (rope.scaling == RopeScaling::yarn) read_yarn(keys, arch, rope);
  rope.attn_factor *= keys.real("rope.scaling.attn_factor", 1.0);
  return rope;
}

Rope read_window_rope(KeyReader& keys, const Architecture& arch, const Rope& usual,
                      int64_t head_dim_k) {
  Rope rope = usual;
  if (arch.window.base_key) rope.base = keys.real("rope.freq_base_swa", rope.base);
  if (arch.window.n_rot_key)
    rope.n_rot = keys.within("rope.dimension_count_swa", rope.n_rot, 0, head_dim_k);
  if (arch.window.own_rope_scale) rope.scale = 1.0F;
  if (arch.window.plain_rope) {
    rope.ext_factor = 0.0F;
    rope.attn_factor = 1.0F;
  }
  return rope;
}

}  // namespace crossval
