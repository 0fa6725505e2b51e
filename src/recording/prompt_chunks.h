// Prompts of one length that are evaluated each by itself, of which a file has rows one after the
// other (llama-perplexity's base).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace crossval {

struct PromptChunks {
  int32_t length = 0;         // tokens of each
  int32_t first_row = 0;      // position in a chunk of its first row
  int32_t rows = 0;           // of each; at least 1, first_row + rows ≤ length
  bool bos_in_place = false;  // of each first token, where the model's tokenizer adds BOS
  /// Of all chunks; where BOS stood in place of a first token, that token.
  std::vector<TokenId> ids{};

  int32_t count() const { return static_cast<int32_t>(std::ssize(ids) / length); }
  /// The tokens that the rows follow.
  std::vector<TokenId> row_ids() const;
};

/// Evaluates the chunks and hands the first `count` of their rows to the sink, numbered from 0 on
/// over all chunks. Errors: the engine's.
Result<Outcome> evaluate_chunks(Engine& engine, const PromptChunks& chunks, int32_t count,
                                const RowSink& sink);

/// The engine whose row i is row i of the chunks, whatever ids it is asked about. It neither
/// decodes step by step nor shows tensors.
std::unique_ptr<Engine> by_chunks(std::unique_ptr<Engine> engine, PromptChunks chunks);

}  // namespace crossval
