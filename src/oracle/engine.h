// The oracle behind the Engine interface: the model's weights as its formats define them, all else
// in double.
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
#include "oracle/rounding.h"
#include "quant/i2s.h"

namespace crossval {

struct OracleOptions {
  std::string model_path{};
  OpenedFiles files{};           // where others may have opened it
  std::string tokenizer_path{};  // GGUF, tokenizer.json or tokenizer.model; empty: the model's own
  Rounding rounding{};           // none, or kDeclared
  int threads = 1;
  int64_t n_ctx = 2048;
  int64_t n_batch = 512;                  // positions of one chunk
  std::optional<I2sLayout> i2s_layout{};  // of I2_S weights; without: found out by statistics
  std::vector<std::string> faults{};
  std::stop_token stop{};
};

/// Errors: as make_native_engine.
Result<std::unique_ptr<Engine>> make_oracle_engine(const OracleOptions& options);

}  // namespace crossval
