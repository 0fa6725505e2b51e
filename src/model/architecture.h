// What makes one decoder-only transformer different from another: plain data. The forward pass is
// one for all of them (graph/decoder.cc); an architecture is a row of the table in
// architectures.cc. The field defaults describe llama; what one row alone has is a function of it
// (own.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.h"

namespace crossval {

/// Whether a tensor of some kind is in the files of an architecture. A file that has one of a kind
/// that is absent is refused; one that is ignored may be there, and upstream computes without it.
enum class Presence : uint8_t { absent, ignored, optional, required };

enum class NormKind : uint8_t { rms, layer };

/// Which elements of a head are rotated together.
enum class RopePairs : uint8_t {
  none,
  adjacent,  // 2i and 2i+1 (llama; upstream's NORM)
  halves,    // i and i + n_rot/2 (upstream's NEOX)
};

/// The norm of queries and keys, before RoPE.
enum class QkNorm : uint8_t {
  none,
  shared,    // each head alone, one set of head_dim weights
  per_head,  // each head alone, its own head_dim weights
  whole,     // all heads as one row
};

enum class Activation : uint8_t {
  silu,
  gelu,        // tanh form, through binary16 (docs/arithmetic.md)
  gelu_erf,    // its definition, x·Φ(x)
  gelu_quick,  // x·sigmoid(1.702 x)
  relu,
  relu_squared,
  clamped_silu,  // gpt-oss: x·sigmoid(1.702 x), gate and up clamped at 7, up + 1
};

/// How the two matrices of a gated feed-forward network lie in the file.
enum class Gate : uint8_t {
  none,      // act(up)
  separate,  // act(gate) · up
  fused,     // ffn_up holds the gate's rows, then up's
  optional,  // separate when the file has a gate
};

/// How attention A, feed-forward F and the residual x are summed.
enum class Block : uint8_t {
  sequential,  // x = x + A(x); x = x + F(x)
  branches,    // x + (A + F), both from the same x
  feed_first,  // (F + x) + A, both from the same x
};

/// What the embeddings are multiplied by; metadata: by embedding_scale, when the file has it.
enum class EmbeddingScale : uint8_t { none, metadata, sqrt_width };

/// Where 1/sqrt(head width) is applied.
enum class ScoreScale : uint8_t { softmax, query };

enum class WindowKind : uint8_t { none, sliding, chunked };

/// What may differ from layer to layer; a file has one number for all layers, or an array.
enum class LayerSizes : uint8_t {
  alike,
  own_heads,  // heads
  own,        // heads and the width of the feed-forward network
  lacking,    // and layers may have no attention, a matrix in its place, or nothing at all (deci)
};

struct Window {
  WindowKind kind = WindowKind::none;
  Presence size_key = Presence::required;  // optional: without the key there is no window,
  int64_t default_size = 0;                // unless this is given
  int64_t period = 1;           // layers of a period; all but the last (first) have the window
  bool full_first = false;      // the layer without a window opens the period
  bool own_rope_scale = false;  // layers with one have no RoPE scaling
  bool plain_rope = false;      // and no YaRN
  bool base_key = true;         // rope.freq_base_swa counts
  bool n_rot_key = false;       // and so does rope.dimension_count_swa
};

/// How wide the experts are that every position goes through.
enum class SharedWidth : uint8_t {
  none,
  key,                 // expert_shared_feed_forward_length; without it there are none
  key_or_dense,        // or feed_forward_length
  key_or_expert,       // or one routed expert's
  expert_times_count,  // a routed expert's · expert_shared_count
  key_or_expert_times_count,
};

/// A gate on the attention's output, before the output projection.
enum class AttnGate : uint8_t { none, sigmoid, softplus };

/// For what it has values: each value of a head, each head, or as the file has it.
enum class GateWidth : uint8_t { values, heads, either };

/// Pairs of a head that M-RoPE turns by which of a position's four numbers; on text the first three
/// are the position and the fourth is 0.
enum class RopeSections : uint8_t { none, in_order, interleaved };

enum class Gating : uint8_t { softmax, sigmoid, softmax_of_selected };

struct Experts {
  Presence presence = Presence::absent;  // optional: when expert_count says so
  Gating gating = Gating::softmax;
  bool gating_key = false;     // expert_gating_func in the file decides
  bool normalise = true;       // weights of the selected sum to one
  bool normalise_key = false;  // expert_weights_norm in the file decides
  bool leading_dense = false;  // leading_dense_block_count layers have no experts
  bool width_key = false;      // expert_feed_forward_length; else feed_forward_length
  bool scale_key = false;      // expert_weights_scale
  SharedWidth shared = SharedWidth::none;
  Presence selection_bias = Presence::absent;  // exp_probs_b, used for selection only
  bool scales = false;                         // ".scale" tensors of the experts take part
};

class KeyReader;
class TensorSource;
struct Hparams;
struct Weights;

struct Architecture {
  std::string_view name{};      // general.architecture
  std::string_view examples{};  // models that people know

  LayerSizes layer_sizes = LayerSizes::alike;

  // Norms.
  NormKind norm = NormKind::rms;
  Presence norm_weights = Presence::required;  // absent: plain normalisation (olmo)
  Presence norm_biases = Presence::absent;
  const char* attn_norm = "attn_norm";  // tensor names; null: no norm there
  const char* ffn_norm = "ffn_norm";
  bool ffn_norm_optional = false;        // without it the network reads the attention's input
  const char* attn_post_norm = nullptr;  // on the attention's output, before the residual
  const char* ffn_post_norm = nullptr;
  bool attn_sub_norm = false;  // between the heads and the output projection (bitnet)
  bool ffn_sub_norm = false;   // between activation and down projection (bitnet)

  // Attention.
  bool grouped_heads = true;                // there may be fewer key/value heads than query heads
  Presence fused_qkv = Presence::optional;  // Q, K and V as one matrix; without it there are three
  Presence qkv_bias = Presence::optional;
  Presence attn_out_bias = Presence::absent;
  QkNorm qk_norm = QkNorm::none;
  Presence qk_norm_presence = Presence::required;
  bool qk_norm_after_rope = false;
  ScoreScale score_scale = ScoreScale::softmax;
  bool score_scale_key = false;  // attention.scale in the file replaces 1/sqrt(head width)
  bool clamp_qkv = false;        // attention.clamp_kqv
  float alibi_bias = 0.0F;
  bool latent_attention = false;  // Q, and K with V, come out of short vectors (minicpm3)
  bool sinks = false;             // a logit per head that takes part in the softmax
  AttnGate attn_gate = AttnGate::none;
  GateWidth attn_gate_width = GateWidth::values;
  Window window{};

  // Positions.
  RopePairs rope = RopePairs::adjacent;
  RopeSections rope_sections = RopeSections::none;  // with rope.dimension_sections: halves
  bool yarn_keys = false;                           // rope.scaling.yarn_… count (mistral3)
  Presence rope_freqs = Presence::absent;           // factors of the angles
  Presence rope_by_length = Presence::absent;  // long and short ones, by the length of the context
  bool rope_in_window_only = false;            // (cohere2)
  Presence learned_positions = Presence::absent;

  // Feed-forward network and the block.
  Block block = Block::sequential;
  Gate gate = Gate::separate;
  Activation activation = Activation::silu;
  Presence ffn_biases = Presence::absent;
  bool ffn_scales = false;  // ".scale" tensors of the network's matrices take part
  Experts experts{};

  // Scales and head.
  EmbeddingScale embedding_scale = EmbeddingScale::none;
  bool residual_scale = false;           // residual_scale in the file
  bool logit_scale = false;              // logit_scale in the file multiplies
  bool logit_divisor = false;            // logit_scale in the file divides
  Presence output = Presence::optional;  // absent: always the embedding matrix
  Presence output_bias = Presence::absent;

  // What only this one has (own.h).
  void (*own_numbers)(KeyReader& keys, Hparams& h) = nullptr;
  void (*own_tensors)(TensorSource& in, const Hparams& h, Weights& w) = nullptr;
};

/// All supported architectures, in the order of the docs.
std::span<const Architecture> architectures();

/// The architecture called `name`. Errors (bad_input_file, without a place): it is not supported;
/// the message names the nearest one and why, when there is something to say.
Result<const Architecture*> find_architecture(std::string_view name);

}  // namespace crossval
