// ik_llama.cpp of 2026: forked in 2024, some of the later names taken over with signatures of their
// own.
#pragma once

#include <ggml-backend.h>
#include <ggml.h>
#include <llama.h>

#include <string>

#include "../failure.h"
#include "../options.h"

namespace crossval_llama::era {

inline constexpr char kApi[] = "ik_llama.cpp (llama_vocab, llama_kv_cache)";

/// Whether all threads of an evaluation that is given up end at the same node. Where they do not,
/// one may wait for the others for ever.
inline constexpr bool kThreadsEndTogether = false;

inline constexpr ggml_type kCacheTypes[] = {GGML_TYPE_F32,    GGML_TYPE_F16,  GGML_TYPE_BF16,
                                            GGML_TYPE_Q8_0,   GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                                            GGML_TYPE_IQ4_NL, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1,
                                            GGML_TYPE_Q6_0,   GGML_TYPE_Q8_KV};

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
  return llama_vocab_tokenize(vocab, text, length, ids, capacity, add_special, parse_special);
}
inline int32_t piece(const Vocab* vocab, llama_token id, char* bytes, int32_t capacity) {
  return llama_token_to_piece_vocab(vocab, id, bytes, capacity, 0, true);
}

inline llama_model* load(const char* path, const llama_model_params& params) {
  return llama_model_load_from_file(path, params);
}
inline void free(llama_model* model) { llama_free_model(model); }
inline llama_context* make_context(llama_model* model, const llama_context_params& params) {
  return llama_init_from_model(model, params);
}
inline int32_t n_ctx_train(const llama_model* model) { return llama_n_ctx_train(model); }
inline int32_t n_threads(llama_context* context) {
  return static_cast<int32_t>(llama_n_threads(context));
}

inline void clear_cache(llama_context* context) { llama_kv_cache_clear(context); }

inline void load_backends() {}

/// Where the model's layers are computed. Must outlive the loading.
class Devices {
 public:
  void place(const Options& options, llama_model_params& params) {
    if (options.cpu_only()) return;
    name_ = options.device;
    if (!name_.empty()) params.devices = name_.c_str();
  }

 private:
  std::string name_;
};

/// What is mapped is not rearranged.
inline void set_repacking(llama_model_params& params, bool repack) {
  params.repack_tensors = repack;
  if (repack) params.use_mmap = false;
}
inline void set_common(llama_context_params&) {}
inline void set_flash_attention(llama_context_params& params, FlashAttention asked) {
  if (asked != FlashAttention::automatic) params.flash_attn = asked == FlashAttention::on;
}
inline bool has_no_flash_attention(const llama_context_params& params) {
  return !params.flash_attn;
}
inline void fuse_nothing(llama_context_params& params) {
  params.fused_up_gate = params.fused_moe_up_gate = params.fused_mmad = false;
  params.rope_cache = params.graph_reuse = params.grouped_expert_routing = false;
}
inline void compute_on_cpu(llama_context_params& params) { params.offload_kqv = false; }

inline std::string device_of(const ggml_tensor* weight) {
  ggml_backend_buffer_type_t type = ggml_backend_buffer_get_type(weight->buffer);
  return ggml_backend_buft_is_host(type) ? "cpu" : ggml_backend_buft_name(type);
}

/// Rows interleaved while they were loaded, or in the file; empty: neither.
inline std::string rearranged(const ggml_tensor* weight) {
  const std::string type = ggml_type_name(weight->type);
  const size_t suffix = type.rfind("_r");
  return suffix != std::string::npos && suffix + 2 < type.size() ? "interleaved rows" : "";
}

inline ggml_type activation_of(ggml_type weight) {
  return ggml_internal_get_type_traits(weight).vec_dot_type;
}

inline bool is_computed(const ggml_tensor*) { return true; }

inline std::string version() { return {}; }
inline std::string commit() { return {}; }

inline std::string activation_function(const ggml_tensor* node) {
  switch (node->op) {
    case GGML_OP_GLU:
      return ggml_glu_op_name(ggml_get_glu_op(node));
    case GGML_OP_UNARY:
      return ggml_unary_op_name(ggml_get_unary_op(node));
    case GGML_OP_FUSED_MUL_UNARY:
    case GGML_OP_FUSED_UP_GATE:
    case GGML_OP_MOE_FUSED_UP_GATE:
      return ggml_unary_op_name(static_cast<ggml_unary_op>(node->op_params[0]));
    default:
      return {};
  }
}

}  // namespace crossval_llama::era
