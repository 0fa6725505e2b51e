// A file with rows of logits that some other program wrote, whatever its format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "recording/prompt_chunks.h"

namespace crossval {

struct RowFileFacts {
  std::string format;                       // "NumPy array"
  int32_t n_vocab = 0;                      // values of a row
  bool knows_n_vocab = true;                // false: n_vocab is the least that its ids need
  int32_t rows = 0;                         // at least 1
  RowContent content = RowContent::logits;  // or top
  std::vector<TokenId> ids{};               // of the rows; empty: the file does not say
  /// Where each row stands in the text of which all are, where the file says it (__index).
  std::vector<int32_t> places{};
  /// Where row i is not that of position i of one prompt: what to do in place of `replay:`. Else
  /// empty.
  std::string not_beside_an_engine{};
  /// The prompts whose rows they are, where the file has them.
  std::optional<PromptChunks> chunks{};
  double resolution = 0;              // of ln p, by rounding; 0: that of its floats
  std::vector<std::string> limits{};  // what the format cannot say, or rounds, one sentence each
};

/// Rows in the order of the file, read when they are asked for.
class RowFile {
 public:
  virtual ~RowFile() = default;
  virtual const RowFileFacts& facts() const = 0;
  /// `i` from 0 to rows − 1. Valid until the next call. Errors: bad_input_file.
  virtual Result<Row> row(int32_t i) = 0;
};

/// Rows that were read already, as many as the facts say.
std::unique_ptr<RowFile> rows_in_memory(RowFileFacts facts, std::vector<TopRow> rows);

/// By its first bytes, and a bare .bin by its name. Nullptr: of no format that is known here.
/// Errors (bad_input_file, with the offset): missing, unreadable, cut off, of sizes that do not fit
/// together, a data type or a compression that is not read.
Result<std::unique_ptr<RowFile>> open_row_file(const std::string& path);

}  // namespace crossval
