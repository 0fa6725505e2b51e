#include "native/describe.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/build_info.h"

namespace crossval {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{} -ffp-contract=off", __clang_major__, __clang_minor__,
                     __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{} -ffp-contract=off -fno-tree-vectorize", __GNUC__, __GNUC_MINOR__,
                     __GNUC_PATCHLEVEL__);
#endif
}

/// "Q8_0 for Q5_0, Q8_0; Q8_K for Q6_K": what activations are rounded to, by the weight types in
/// the file.
std::string activation_arithmetic(const Model& model) {
  std::map<std::string_view, std::set<std::string_view>> partners;
  for (const GgufTensor& tensor : model.file.tensors()) {
    const WeightFormat* format = find_weight_format(tensor.type_id);
    if (format != nullptr && tensor.dims > 1)
      partners[activation_name(format->activation)].insert(format->name);
  }
  std::string text;
  for (const auto& [partner, formats] : partners) {
    text += fmt::format("{}{} for {}", text.empty() ? "" : "; ", partner, fmt::join(formats, ", "));
  }
  return text;
}

std::string activation_words(Activation activation) {
  switch (activation) {
    case Activation::silu:
      return "silu";
    case Activation::gelu:
      return "gelu";
    case Activation::relu:
      return "relu";
    case Activation::relu_squared:
      return "squared relu";
    case Activation::clamped_silu:
      return "clamped silu";
  }
  return {};
}

}  // namespace

EngineInfo describe_native(const NativeOptions& options, const Model& model,
                           const NativeVocabulary& vocabulary, const KernelSet& kernels,
                           Activation activation) {
  EngineInfo info;
  EngineIdentity& who = info.identity;
  who.name = "native";
  who.version = CROSSVAL_VERSION;
  who.commit = build_info().commit;
  who.build = compiler();
  who.isa = kernels.description;
  who.libm = fmt::format("glibc {}", gnu_get_libc_version());
  who.activations = activation_arithmetic(model);
  who.activation_function = activation_words(activation);
  who.faults = options.faults;
  const Hparams& h = model.hparams;
  EngineSettings& s = info.settings;
  s.model_path = options.model_path;
  s.model_description = model.describe();
  s.n_vocab = static_cast<int32_t>(h.n_vocab);
  s.n_ctx = static_cast<int32_t>(options.n_ctx);
  s.n_ctx_train = static_cast<int32_t>(h.n_ctx_train);
  if (model.weights.position_embd.present()) {
    s.n_ctx_learned = s.n_ctx_train;
    s.n_ctx = std::min(s.n_ctx, s.n_ctx_learned);
  }
  s.n_batch = s.n_ubatch = static_cast<int32_t>(options.n_batch);
  s.threads = options.threads;
  s.all_logits = true;
  s.kv_type_k = s.kv_type_v = options.kv == KvType::f16 ? "f16" : "f32";
  s.flash_attention = "off";
  s.weight_layout = "as stored";
  s.rope = fmt::format("base {} scale {:g}", h.rope.base, h.rope.scale);
  s.norm_eps = h.norm_eps;
  if (model.i2s) {
    s.i2s_layout = i2s_layout_name(model.i2s->layout);
    s.i2s_layout_why = model.i2s->why;
    if (!model.i2s->decided) {
      info.warnings.push_back({"i2s-layout", undecided_i2s_layout(*model.i2s)});
    }
  } else if (options.i2s_layout) {
    info.warnings.push_back({"i2s-layout-without-effect",
                             "a layout of I2_S was asked for, and the model has no I2_S weights"});
  }
  if (const char* kernels_asked = std::getenv("CROSSVAL_KERNELS"); kernels_asked != nullptr) {
    s.environment.push_back(fmt::format("CROSSVAL_KERNELS={}", kernels_asked));
  }
  Capabilities& can = info.capabilities;
  can.all_logits = can.decode = can.trace = can.state = true;
  vocabulary.describe(info);
  return info;
}

}  // namespace crossval
