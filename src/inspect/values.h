// A tensor's values, decoded as they are needed: what is in memory does not grow with the tensor.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/thread_pool.h"
#include "gguf/file.h"
#include "quant/format.h"

namespace crossval {

/// Values that lie side by side in one row.
struct Piece {
  int64_t row = 0;
  int64_t column = 0;  // of the first; a multiple of kPieceValues
  std::span<const float> values;
};

/// Values of a piece at most; a multiple of every format's block.
constexpr int64_t kPieceValues = 1 << 14;

/// Decodes rows [first, last) of a tensor in order. The values live until `visit` returns.
void for_each_piece(const GgufTensor& tensor, const WeightFormat& format, int64_t first,
                    int64_t last, const std::function<void(const Piece&)>& visit);

/// Rows [first, last) of a tensor; the same parts whatever the number of threads.
struct RowRange {
  int64_t index = 0;
  int64_t first = 0;
  int64_t last = 0;
};

/// Calls body for each part of a tensor, several at once, then done(index, its bytes) in order from
/// the calling thread. The pages of the parts that are done are given back.
void for_each_part(const GgufFile& file, const GgufTensor& tensor, const WeightFormat& format,
                   ThreadPool& pool, const std::function<void(const RowRange&)>& body,
                   const std::function<void(int64_t, std::span<const std::byte>)>& done);

/// SHA-256 of a tensor's bytes, whatever its type.
std::string digest_of(const GgufFile& file, const GgufTensor& tensor);

/// Rows of a tensor of any number of dimensions.
int64_t rows_of(const GgufTensor& tensor);

/// The number of parts of for_each_part.
int64_t parts_of(const GgufTensor& tensor);

}  // namespace crossval
