// What a Hugging Face checkpoint of an architecture is as a GGUF file: plain data, a row of the
// table in architectures.cc each. Source: llama.cpp's converter (conversion/*.py), and for what it
// leaves out the models of transformers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace crossval {

/// What is done to a tensor of a checkpoint.
enum class TensorChange : uint8_t {
  none,
  q_order,      // rows of each head, halves that RoPE turns together, become pairs: queries
  k_order,      // and keys
  qkv_by_head,  // rows: each head's q, k, v become all q, all k, all v
  plus_one,     // x is stored, 1 + x is meant
  transposed,
  stacked,     // one matrix an expert become one tensor
  first_half,  // of the rows
  second_half,
  even,  // rows
  odd,
  transposed_even,
  transposed_odd,
  keys_of_latent,  // rows: each head's keys and values, of which one kind is taken (deepseek2)
  values_of_latent,
};

/// "q_order", as reports name it.
std::string_view change_name(TensorChange change);
/// What it does, one phrase; empty for none.
std::string_view change_words(TensorChange change);

/// Names are without ".weight" and ".bias", which both sides have alike, unless `from` is a whole
/// name; {} is a layer, {e} an expert.
struct TensorRule {
  std::string_view from, to;
  TensorChange change = TensorChange::none;
};

/// A metadata key that is a member of config.json.
struct KeyRule {
  enum class Kind : uint8_t { integer, real, flag };
  std::string_view key;  // behind the architecture's name
  Kind kind = Kind::integer;
  std::string_view members[3]{};  // the first that there is
};

/// A member with the only value under which llama.cpp computes the model.
struct OnlyValue {
  std::string_view member;
  std::string_view value;  // as JSON
  std::string_view effect;
};

/// A window that the checkpoint's own model has and its GGUF does not.
enum class LostWindow : uint8_t {
  none,
  always,   // sliding_window, in all layers
  switched  // where use_sliding_window is set, in the layers from max_window_layers on
};

struct CheckpointArchitecture {
  std::string_view class_name{};  // the first of config.json's "architectures"
  std::string_view gguf{};        // general.architecture
  std::span<const KeyRule> keys{};
  std::span<const TensorRule> own{};                // before those of all
  std::span<const std::string_view> activations{};  // names of what the graph computes
  std::span<const OnlyValue> only{};
  bool norms_plus_one = false;  // of all norms
  LostWindow lost_window = LostWindow::none;
  bool windows = false;             // sliding_window is a key, layer_types its pattern
  double rotated_share = 1.0;       // partial_rotary_factor where the file says none
  bool llama3_factors = false;      // Llama 3's RoPE becomes the tensor rope_freqs
  bool long_factors = false;        // LongRoPE's factors become two tensors
  bool query_scalar = false;        // query_pre_attn_scalar is a head's width
  double layer_norm_epsilon = 0.0;  // where config.json has none
  bool latent_attention = false;    // keys as one head of the latent vector, sigmoid gating
  bool tied_drops_head = false;     // the converter leaves lm_head out
  bool wide_feed_forward = false;   // four times the width where the file says nothing
};

std::span<const CheckpointArchitecture> checkpoint_architectures();

/// The rules that architectures share.
std::span<const KeyRule> common_keys();
std::span<const TensorRule> common_tensors();

/// nullptr when it is not known.
const CheckpointArchitecture* find_checkpoint_architecture(std::string_view class_name);

}  // namespace crossval
