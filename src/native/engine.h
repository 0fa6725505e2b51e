// The native engine behind the Engine interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "gguf/opened_files.h"
#include "graph/op.h"
#include "local/computation.h"
#include "model/hparams.h"
#include "native/kv_cache.h"
#include "quant/i2s.h"

namespace crossval {

struct NativeOptions {
  std::string model_path{};
  OpenedFiles files{};           // where others may have opened it
  std::string tokenizer_path{};  // GGUF, tokenizer.json or tokenizer.model; empty: the model's own
  KvType kv = KvType::f16;
  int threads = 1;
  int64_t n_ctx = 2048;
  int64_t n_batch = 512;                  // positions of one chunk
  std::optional<I2sLayout> i2s_layout{};  // of I2_S weights; without: found out by statistics
  std::vector<std::string> faults{};
  std::stop_token stop{};  // ends an evaluation between two layers, as a sink's false does
};

/// Loads the model and makes the engine ready. Errors name the file and what is wrong with it.
Result<std::unique_ptr<Engine>> make_native_engine(const NativeOptions& options);

/// What it computes with: `graph`, of a model with these numbers, is kept by reference. Errors:
/// usage (kernels that are not there), out of memory.
Result<std::unique_ptr<Computation>> make_native_computation(const Graph& graph,
                                                             const Hparams& hparams, KvType kv,
                                                             int64_t n_ctx, int threads);

}  // namespace crossval
