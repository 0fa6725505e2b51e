#include "gguf_facts.h"

#include <map>
#include <set>
#include <string_view>

#include "api.h"

namespace crossval_llama {
namespace {

constexpr int kI2s = 36;  // of bitnet.cpp; upstream's number of a type that is gone

}  // namespace

GgufFacts read_gguf_facts(const std::string& path) {
  GgufFacts facts;
  const GgufContext file(gguf_init_from_file(path.c_str(), {.no_alloc = true, .ctx = nullptr}));
  if (!file) return facts;
  std::map<std::string, std::set<std::string>> weights_of;
  for (int64_t i = 0; i < gguf_get_n_tensors(file.get()); ++i) {
    const std::string_view name = gguf_get_tensor_name(file.get(), i);
    if (name.find("rope_factors_long") != std::string_view::npos) facts.long_rope_factors = true;
    if (name.find("norm") != std::string_view::npos || !name.ends_with(".weight")) continue;
    const ggml_type type = gguf_get_tensor_type(file.get(), i);
    if (static_cast<int>(type) == kI2s) facts.i2_s = true;
    weights_of[ggml_type_name(era::activation_of(type))].insert(ggml_type_name(type));
  }
  for (const auto& [activation, weights] : weights_of) {
    if (!facts.activations.empty()) facts.activations += "; ";
    facts.activations += activation + " for ";
    bool first = true;
    for (const std::string& weight : weights) {
      facts.activations += (first ? "" : ", ") + weight;
      first = false;
    }
  }
  return facts;
}

}  // namespace crossval_llama
