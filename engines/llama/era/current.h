// llama.cpp since July 2025: llama_vocab, llama_memory, devices, three-way flash attention.
#pragma once

#include <ggml-cpu.h>
#include <gguf.h>
#include <llama.h>

#include <string>
#include <vector>

#include "../failure.h"
#include "../options.h"

namespace crossval_llama::era {

inline constexpr char kApi[] = "llama_memory (since July 2025)";

using Vocab = llama_vocab;

inline const Vocab* vocab_of(const llama_model* model) { return llama_model_get_vocab(model); }
inline int32_t n_tokens(const Vocab* vocab) { return llama_vocab_n_tokens(vocab); }
inline bool adds_bos(const Vocab* vocab) { return llama_vocab_get_add_bos(vocab); }
inline bool adds_eos(const Vocab* vocab) { return llama_vocab_get_add_eos(vocab); }
inline bool ends_generation(const Vocab* vocab, llama_token id) {
  return llama_vocab_is_eog(vocab, id);
}
inline int32_t tokenize(const Vocab* vocab, const char* text, int32_t length, llama_token* ids,
                        int32_t capacity, bool add_special, bool parse_special) {
  return llama_tokenize(vocab, text, length, ids, capacity, add_special, parse_special);
}
inline int32_t piece(const Vocab* vocab, llama_token id, char* bytes, int32_t capacity) {
  return llama_token_to_piece(vocab, id, bytes, capacity, 0, true);
}

inline llama_model* load(const char* path, const llama_model_params& params) {
  return llama_model_load_from_file(path, params);
}
inline void free(llama_model* model) { llama_model_free(model); }
inline llama_context* make_context(llama_model* model, const llama_context_params& params) {
  return llama_init_from_model(model, params);
}
inline int32_t n_ctx_train(const llama_model* model) { return llama_model_n_ctx_train(model); }
inline int32_t n_threads(llama_context* context) { return llama_n_threads(context); }

/// Zeroed too: a NaN left behind would spread through probabilities that are zero.
inline void clear_cache(llama_context* context) {
  llama_memory_clear(llama_get_memory(context), true);
}

inline void load_backends() { ggml_backend_load_all(); }

/// Where the model's layers are computed. Must outlive the loading.
class Devices {
 public:
  /// Throws Failure when there is no such device.
  void place(const Options& options, llama_model_params& params) {
    if (!options.device.empty()) {
      list_ = {find(options.device), nullptr};
    } else if (options.cpu_only()) {
      list_ = {nullptr};
    }
    if (!list_.empty()) params.devices = list_.data();
  }
  std::string name() const {
    if (list_.empty()) return "all";
    return list_.front() == nullptr ? "cpu" : ggml_backend_dev_name(list_.front());
  }

 private:
  static ggml_backend_dev_t find(const std::string& name) {
    if (ggml_backend_dev_t device = ggml_backend_dev_by_name(name.c_str())) return device;
    std::string names;
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
      names += (names.empty() ? "" : ", ");
      names += ggml_backend_dev_name(ggml_backend_dev_get(i));
    }
    throw Failure("usage", "there is no device " + name, "There are: " + names + ".");
  }

  std::vector<ggml_backend_dev_t> list_;  // ends with a null pointer
};

/// No weights rearranged for wider kernels.
inline void keep_weights_as_stored(llama_model_params& params) { params.use_extra_bufts = false; }
inline void set_common(llama_context_params& params) { params.no_perf = true; }
/// One operation a node, as the graph's text says.
inline void fuse_nothing(llama_context_params& params) {
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
}
inline void compute_on_cpu(llama_context_params& params) {
  params.offload_kqv = params.op_offload = false;
}

/// What a weight of this type is multiplied with.
inline ggml_type activation_of(ggml_type weight) {
  return ggml_get_type_traits_cpu(weight)->vec_dot_type;
}

/// "0.5.0, ggml 0.16.1"
inline std::string version() {
  std::string text;
#ifdef LLAMA_CPP_HAS_VERSION
  text = std::string(llama_version()) + ", ";
#endif
  return text + "ggml " + ggml_version();
}
inline std::string commit() { return ggml_commit(); }

/// False for writes into the cache and for the unused half of a graph that takes tokens or
/// embeddings, which is offered but never computed.
inline bool is_computed(const ggml_tensor* node) {
  return node->op != GGML_OP_SET_ROWS && (node->flags & GGML_TENSOR_FLAG_COMPUTE) != 0;
}

/// The function a gated or plain activation node applies, as ggml names it; "" for other nodes.
inline std::string activation_function(const ggml_tensor* node) {
  if (node->op == GGML_OP_GLU) return ggml_glu_op_name(ggml_get_glu_op(node));
  if (node->op == GGML_OP_UNARY) return ggml_unary_op_name(ggml_get_unary_op(node));
  return {};
}

}  // namespace crossval_llama::era
