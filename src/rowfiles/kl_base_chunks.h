// The prompts of a llama-perplexity base.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"

namespace crossval {

struct KlBaseChunks {
  int32_t n_ctx = 0;  // tokens of each
  int32_t n_vocab = 0;
  std::vector<TokenId> ids;  // of all chunks; where BOS stood in place of a first token, that token
};

/// Errors (bad_input_file, with the offset): no base, sizes that do not fit together.
Result<KlBaseChunks> read_kl_base_chunks(const std::string& path);

}  // namespace crossval
