// A tensor's values, decoded as they are needed: what is in memory does not grow with the tensor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/thread_pool.h"
#include "gguf/file.h"
#include "model/i2s_layout.h"
#include "quant/format.h"

namespace crossval {

/// A tensor of a type that we read, as it is read.
struct TensorValues {
  const GgufFile* file = nullptr;
  const GgufTensor* tensor = nullptr;
  const WeightFormat* format = nullptr;
  I2sLayout i2s = I2sLayout::x86;  // of I2_S; where the rows cannot be in that layout, x86

  std::span<const std::byte> bytes_of(int64_t first, int64_t last) const;  // rows [first, last)
  /// Columns [column, column + values.size()) of a row; column is a multiple of kPieceValues.
  void decode(int64_t row, int64_t column, std::span<float> values) const;
};

/// Nothing for a type that we do not read.
std::optional<TensorValues> values_of(const GgufFile& file, const GgufTensor& tensor,
                                      I2sLayout i2s = I2sLayout::x86);

/// As decided; x86 for files without I2_S.
inline I2sLayout layout_of(const std::optional<I2sReading>& reading) {
  return reading.value_or(I2sReading{}).layout;
}

/// Values that lie side by side in one row.
struct Piece {
  int64_t row = 0;
  int64_t column = 0;  // of the first; a multiple of kPieceValues
  std::span<const float> values;
};

/// Values of a piece at most; a multiple of every format's block.
constexpr int64_t kPieceValues = 1 << 14;

/// Decodes rows [first, last) in order. The values live until `visit` returns.
void for_each_piece(const TensorValues& values, int64_t first, int64_t last,
                    const std::function<void(const Piece&)>& visit);

/// Rows [first, last) of a tensor; the same parts whatever the number of threads.
struct RowRange {
  int64_t index = 0;
  int64_t first = 0;
  int64_t last = 0;
};

/// Calls body for each part of a tensor, several at once, then done(index, its bytes) in order from
/// the calling thread. The pages of the parts that are done are given back.
void for_each_part(const TensorValues& values, ThreadPool& pool,
                   const std::function<void(const RowRange&)>& body,
                   const std::function<void(int64_t, std::span<const std::byte>)>& done);

/// SHA-256 of a tensor's bytes, whatever its type.
std::string digest_of(const GgufFile& file, const GgufTensor& tensor);

/// Rows of a tensor of any number of dimensions.
int64_t rows_of(const GgufTensor& tensor);

/// The number of parts of for_each_part.
int64_t parts_of(const GgufTensor& tensor);

}  // namespace crossval
