// Writes llama-perplexity's --kl-divergence-base file, so that it scores a model against rows of
// any engine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/partial_file.h"
#include "engine/info.h"

namespace crossval {

/// The file gets its name in finish(). Every error is cannot_write.
class KlBaseWriter {
 public:
  /// `ids`: those of all chunks, n_ctx of each; of a chunk that was evaluated with BOS in place of
  /// its first token that token nevertheless.
  static Result<std::unique_ptr<KlBaseWriter>> create(const std::string& path, int32_t n_ctx,
                                                      int32_t n_vocab,
                                                      std::span<const TokenId> ids);

  /// The next row: of n_vocab finite logits, those of a chunk's positions from kl_base::first_row
  /// up to the last but one. The codes are those of llama-perplexity (log_softmax of its
  /// tools/perplexity/perplexity.cpp), bit for bit.
  Result<void> put_row(std::span<const float> logits);

  Result<void> finish() { return file_->finish(); }

  uint64_t bytes() const { return bytes_; }

 private:
  KlBaseWriter(std::unique_ptr<PartialFile> file, int32_t n_vocab);
  Result<void> append(std::string_view bytes);

  std::unique_ptr<PartialFile> file_;
  std::vector<uint16_t> row_;  // its two floats, then the codes and what fills up an odd number
  uint64_t bytes_ = 0;
};

}  // namespace crossval
