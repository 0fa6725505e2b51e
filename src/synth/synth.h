// Makes random models: real files with a real vocabulary whose activations look like a trained
// model's, for tests and measurements. The same bytes for a seed on every host.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "quant/format.h"
#include "quant/i2s.h"

namespace crossval {

struct SynthOptions {
  std::string architecture = "llama";
  /// Of the matrices, in turn; one type: every matrix has it.
  std::vector<const WeightFormat*> types{};
  int64_t layers = 4;
  int64_t embd = 512;
  int64_t heads = 8;
  int64_t kv_heads = 0;  // 0: half of the heads; all of an odd number, and where none are grouped
  int64_t head_dim = 0;  // 0: embd / heads
  int64_t rope_dim = 0;  // values of a head that RoPE rotates; 0: all
  int64_t ff = 1536;     // of experts too
  int64_t experts = -1;  // -1: 4 where the architecture needs them, else none
  int64_t experts_used = 0;  // 0: 2
  int64_t window = 0;        // in every other layer, where the architecture has windows; 0: 512
  int64_t context = 4096;    // that the model is said to be trained with
  /// Optional parts of the architecture (biases, RoPE factors and scaling, a tied head, …), chosen
  /// by the seed; without it none, and a head of its own.
  bool extras = false;
  uint64_t seed = 1;
  std::string vocabulary_path{};  // a GGUF file whose vocabulary is taken; empty: a small one
  I2sLayout i2s_layout = I2sLayout::x86;
  std::string path{};
  std::stop_token stop{};  // ends the making between two tensors
};

/// Writes options.path. Errors: usage (unknown architecture, sizes that it has no use for or that
/// do not divide, widths that are no multiple of a type's block), bad_input_file (vocabulary),
/// cannot_write, interrupted.
Result<void> synthesize(const SynthOptions& options);

}  // namespace crossval
