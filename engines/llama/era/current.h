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

/// Whether all threads of an evaluation that is given up end at the same node. Where they do not,
/// one may wait for the others for ever.
inline constexpr bool kThreadsEndTogether = true;

/// Of keys and values in the cache.
inline constexpr ggml_type kCacheTypes[] = {GGML_TYPE_F32,    GGML_TYPE_F16,  GGML_TYPE_BF16,
                                            GGML_TYPE_Q8_0,   GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                                            GGML_TYPE_IQ4_NL, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1};

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
    if (options.cpu_only()) {
      list_ = {nullptr};
    } else if (!options.device.empty()) {
      list_ = {find(options.device), nullptr};
    }
    if (!list_.empty()) params.devices = list_.data();
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

/// Whether weights may be rearranged for wider kernels.
inline void set_repacking(llama_model_params& params, bool repack) {
  params.use_extra_bufts = repack;
}
inline void set_common(llama_context_params& params) { params.no_perf = true; }
inline void set_flash_attention(llama_context_params& params, FlashAttention asked) {
  params.flash_attn_type = asked == FlashAttention::off  ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                           : asked == FlashAttention::on ? LLAMA_FLASH_ATTN_TYPE_ENABLED
                                                         : LLAMA_FLASH_ATTN_TYPE_AUTO;
}
inline bool has_no_flash_attention(const llama_context_params& params) {
  return params.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_DISABLED;
}
/// One operation a node, as the graph's text says.
inline void fuse_nothing(llama_context_params&) {}
inline void compute_on_cpu(llama_context_params& params) {
  params.offload_kqv = params.op_offload = false;
}

/// What a weight of this type is multiplied with.
inline ggml_type activation_of(ggml_type weight) {
  return ggml_get_type_traits_cpu(weight)->vec_dot_type;
}

/// The device that holds a weight.
inline std::string device_of(const ggml_tensor* weight) {
  ggml_backend_dev_t device =
      ggml_backend_buft_get_device(ggml_backend_buffer_get_type(weight->buffer));
  if (device == nullptr || ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_CPU)
    return "cpu";
  return ggml_backend_dev_name(device);
}

/// How a weight is rearranged: by the name of the buffer type that did it; empty: it is as stored.
inline std::string rearranged(const ggml_tensor* weight) {
  ggml_backend_buffer_type_t type = ggml_backend_buffer_get_type(weight->buffer);
  ggml_backend_dev_t device = ggml_backend_buft_get_device(type);
  const bool plain = ggml_backend_buft_is_host(type) || device == nullptr ||
                     type == ggml_backend_dev_buffer_type(device);
  return plain ? "" : ggml_backend_buft_name(type);
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
