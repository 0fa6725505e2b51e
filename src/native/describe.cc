#include "native/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "local/engine.h"

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
    case Activation::gelu_erf:
      return "gelu by erf";
    case Activation::gelu_quick:
      return "quick gelu";
    case Activation::relu:
      return "relu";
    case Activation::relu_squared:
      return "squared relu";
    case Activation::clamped_silu:
      return "clamped silu";
  }
  return {};
}

/// Of the feed-forward networks.
Activation activation_of(const Graph& graph) {
  for (const Op& op : graph.ops)
    if (const auto* activate = std::get_if<Activate>(&op.action)) return activate->kind;
  return Activation::silu;
}

}  // namespace

EngineInfo describe_native(const NativeOptions& options, const Model& model, const Graph& graph,
                           const LocalVocabulary& vocabulary, const KernelSet& kernels) {
  EngineInfo info =
      describe_local(model, graph, vocabulary, options.n_ctx, options.n_batch, options.threads);
  EngineIdentity& who = info.identity;
  who.name = "native";
  who.build = compiler();
  who.isa = kernels.description;
  who.activations = activation_arithmetic(model);
  who.activation_function = activation_words(activation_of(graph));
  who.faults = options.faults;
  EngineSettings& s = info.settings;
  s.kv_type_k = s.kv_type_v = options.kv == KvType::f16 ? "f16" : "f32";
  if (options.i2s_layout && !model.i2s) {
    info.warnings.push_back({"i2s-layout-without-effect",
                             "a layout of I2_S was asked for, and the model has no I2_S weights"});
  }
  if (const char* kernels_asked = std::getenv("CROSSVAL_KERNELS"); kernels_asked != nullptr) {
    s.environment.push_back(fmt::format("CROSSVAL_KERNELS={}", kernels_asked));
  }
  return info;
}

}  // namespace crossval
