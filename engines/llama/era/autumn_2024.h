// llama.cpp of autumn 2024, and what was forked from it then (bitnet.cpp): a vocabulary is a model,
// the cache is llama_kv_cache, there is one library ggml and no choice of devices.
#pragma once

#include <ggml-backend.h>
#include <ggml.h>
#include <llama.h>

#include <string>

#include "../failure.h"
#include "../options.h"

namespace crossval_llama::era {

inline constexpr char kApi[] = "llama_kv_cache, no llama_vocab (autumn 2024)";

/// Whether all threads of an evaluation that is given up end at the same node. Where they do not,
/// one may wait for the others for ever.
inline constexpr bool kThreadsEndTogether = false;

inline constexpr ggml_type kCacheTypes[] = {GGML_TYPE_F32,    GGML_TYPE_F16,  GGML_TYPE_BF16,
                                            GGML_TYPE_Q8_0,   GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                                            GGML_TYPE_IQ4_NL, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1};

using Vocab = llama_model;

inline const Vocab* vocab_of(const llama_model* model) { return model; }
inline int32_t n_tokens(const Vocab* vocab) { return llama_n_vocab(vocab); }
inline bool adds_bos(const Vocab* vocab) { return llama_add_bos_token(vocab); }
inline bool adds_eos(const Vocab* vocab) { return llama_add_eos_token(vocab); }
inline bool ends_generation(const Vocab* vocab, llama_token id) {
  return llama_token_is_eog(vocab, id);
}
inline int32_t tokenize(const Vocab* vocab, const char* text, int32_t length, llama_token* ids,
                        int32_t capacity, bool add_special, bool parse_special) {
  return llama_tokenize(vocab, text, length, ids, capacity, add_special, parse_special);
}
inline int32_t piece(const Vocab* vocab, llama_token id, char* bytes, int32_t capacity) {
  return llama_token_to_piece(vocab, id, bytes, capacity, 0, true);
}

inline llama_model* load(const char* path, const llama_model_params& params) {
  return llama_load_model_from_file(path, params);
}
inline void free(llama_model* model) { llama_free_model(model); }
inline llama_context* make_context(llama_model* model, const llama_context_params& params) {
  return llama_new_context_with_model(model, params);
}
inline int32_t n_ctx_train(const llama_model* model) { return llama_n_ctx_train(model); }
inline int32_t n_threads(llama_context* context) { return llama_n_threads(context); }

/// Zeroes the buffers as well.
inline void clear_cache(llama_context* context) { llama_kv_cache_clear(context); }

inline void load_backends() {}

/// Where the model's layers are computed: chosen when that tree was built.
class Devices {
 public:
  /// Throws Failure when one is asked for.
  void place(const Options& options, llama_model_params&) {
    if (options.device.empty() || options.cpu_only()) return;
    throw Failure("usage",
                  "this llama.cpp has no choice of devices (device=" + options.device + ")",
                  "Leave device= out; ngl= says how many layers go to the GPU it was built for.");
  }
};

/// Throws Failure when it is asked for.
inline void set_repacking(llama_model_params&, bool repack) {
  if (repack) throw Failure("usage", "repack=on: this llama.cpp rearranges no weights");
}
inline void set_common(llama_context_params& params) { params.no_perf = true; }
inline void set_flash_attention(llama_context_params& params, FlashAttention asked) {
  if (asked != FlashAttention::automatic) params.flash_attn = asked == FlashAttention::on;
}
inline bool has_no_flash_attention(const llama_context_params& params) {
  return !params.flash_attn;
}
inline void fuse_nothing(llama_context_params&) {}
inline void compute_on_cpu(llama_context_params& params) { params.offload_kqv = false; }

inline std::string device_of(const ggml_tensor* weight) {
  ggml_backend_buffer_type_t type = ggml_backend_buffer_get_type(weight->buffer);
  return ggml_backend_buft_is_host(type) ? "cpu" : ggml_backend_buft_name(type);
}

inline std::string rearranged(const ggml_tensor*) { return {}; }

inline ggml_type activation_of(ggml_type weight) {
#ifdef LLAMA_CPP_HAS_TYPE_TRAITS
  return ggml_get_type_traits(weight)->vec_dot_type;
#else
  return ggml_internal_get_type_traits(weight).vec_dot_type;
#endif
}

inline bool is_computed(const ggml_tensor*) { return true; }

inline std::string version() { return {}; }
inline std::string commit() { return {}; }

inline std::string activation_function(const ggml_tensor* node) {
  return node->op == GGML_OP_UNARY ? ggml_unary_op_name(ggml_get_unary_op(node)) : "";
}

}  // namespace crossval_llama::era
