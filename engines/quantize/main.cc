// crossval-quantize IN.gguf OUT.gguf TYPE: what `llama-quantize --allow-requantize --pure` writes.
// Types that llama.cpp refuses to make without an importance matrix get a uniform one: every column
// counts alike.
#include <gguf.h>
#include <llama.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace {

struct Target {
  llama_ftype ftype;  // whose "pure" type is the key
  bool needs_importance = false;
};

const std::map<std::string, Target> kTargets = {
    {"F32", {LLAMA_FTYPE_ALL_F32}},
    {"F16", {LLAMA_FTYPE_MOSTLY_F16}},
    {"BF16", {LLAMA_FTYPE_MOSTLY_BF16}},
    {"Q1_0", {LLAMA_FTYPE_MOSTLY_Q1_0}},
    {"Q2_0", {LLAMA_FTYPE_MOSTLY_Q2_0}},
    {"Q4_0", {LLAMA_FTYPE_MOSTLY_Q4_0}},
    {"Q4_1", {LLAMA_FTYPE_MOSTLY_Q4_1}},
    {"Q5_0", {LLAMA_FTYPE_MOSTLY_Q5_0}},
    {"Q5_1", {LLAMA_FTYPE_MOSTLY_Q5_1}},
    {"Q8_0", {LLAMA_FTYPE_MOSTLY_Q8_0}},
    {"Q2_K", {LLAMA_FTYPE_MOSTLY_Q2_K}},
    {"Q3_K", {LLAMA_FTYPE_MOSTLY_Q3_K_M}},
    {"Q4_K", {LLAMA_FTYPE_MOSTLY_Q4_K_M}},
    {"Q5_K", {LLAMA_FTYPE_MOSTLY_Q5_K_M}},
    {"Q6_K", {LLAMA_FTYPE_MOSTLY_Q6_K}},
    {"IQ1_S", {LLAMA_FTYPE_MOSTLY_IQ1_S, true}},
    {"IQ1_M", {LLAMA_FTYPE_MOSTLY_IQ1_M, true}},
    {"IQ2_XXS", {LLAMA_FTYPE_MOSTLY_IQ2_XXS, true}},
    {"IQ2_XS", {LLAMA_FTYPE_MOSTLY_IQ2_XS, true}},
    {"IQ2_S", {LLAMA_FTYPE_MOSTLY_IQ2_M, true}},
    {"IQ3_XXS", {LLAMA_FTYPE_MOSTLY_IQ3_XXS, true}},
    {"IQ3_S", {LLAMA_FTYPE_MOSTLY_IQ3_S}},
    {"IQ4_NL", {LLAMA_FTYPE_MOSTLY_IQ4_NL}},
    {"IQ4_XS", {LLAMA_FTYPE_MOSTLY_IQ4_XS}},
    {"TQ1_0", {LLAMA_FTYPE_MOSTLY_TQ1_0}},
    {"TQ2_0", {LLAMA_FTYPE_MOSTLY_TQ2_0}},
    {"MXFP4", {LLAMA_FTYPE_MOSTLY_MXFP4_MOE}},
    {"NVFP4", {LLAMA_FTYPE_MOSTLY_NVFP4}},
};

// One weight per column of every matrix (and per expert where there are several).
struct Importance {
  std::vector<std::string> names;
  std::vector<std::vector<float>> weights;
  std::vector<llama_model_imatrix_data> entries;  // ended by a null name
};

bool uniform_importance(const char* path, Importance& importance) {
  ggml_context* tensors = nullptr;
  gguf_context* file = gguf_init_from_file(path, {.no_alloc = true, .ctx = &tensors});
  if (file == nullptr) {
    return false;
  }
  for (ggml_tensor* t = ggml_get_first_tensor(tensors); t != nullptr;
       t = ggml_get_next_tensor(tensors, t)) {
    importance.names.emplace_back(ggml_get_name(t));
    importance.weights.emplace_back(t->ne[0] * t->ne[2], 1.0F);
  }
  for (size_t i = 0; i < importance.names.size(); ++i) {
    const std::vector<float>& w = importance.weights[i];
    importance.entries.push_back({importance.names[i].c_str(), w.data(), w.size()});
  }
  importance.entries.push_back({nullptr, nullptr, 0});
  ggml_free(tensors);
  gguf_free(file);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const auto target = argc == 4 ? kTargets.find(argv[3]) : kTargets.end();
  if (target == kTargets.end()) {
    std::fprintf(stderr, "usage: crossval-quantize IN.gguf OUT.gguf TYPE\ntypes:");
    for (const auto& [name, unused] : kTargets) {
      std::fprintf(stderr, " %s", name.c_str());
    }
    std::fprintf(stderr, "\n");
    return 64;
  }
  Importance importance;
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = target->second.ftype;
  params.allow_requantize = true;
  params.pure = true;
  if (target->second.needs_importance) {
    if (!uniform_importance(argv[1], importance)) {
      std::fprintf(stderr, "cannot read %s\n", argv[1]);
      return 1;
    }
    params.imatrix = importance.entries.data();
  }
  llama_backend_init();
  const uint32_t failed = llama_model_quantize(argv[1], argv[2], &params);
  llama_backend_free();
  return failed == 0 ? 0 : 1;
}
