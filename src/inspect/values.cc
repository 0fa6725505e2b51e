#include "inspect/values.h"

#include <algorithm>
#include <vector>

#include "base/sha256.h"

namespace crossval {
namespace {

constexpr int64_t kPartValues = 1 << 20;

int64_t rows_per_part(const GgufTensor& tensor) {
  return std::max<int64_t>(1, kPartValues / tensor.ne[0]);
}

std::span<const std::byte> bytes_of(const GgufTensor& tensor, const WeightFormat& format,
                                    int64_t first, int64_t last) {
  const int64_t row_bytes = format.row_bytes(tensor.ne[0]);
  return tensor.data.subspan(static_cast<size_t>(first * row_bytes),
                             static_cast<size_t>((last - first) * row_bytes));
}

}  // namespace

std::string digest_of(const GgufFile& file, const GgufTensor& tensor) {
  constexpr size_t kStep = size_t{8} << 20;
  Sha256 hash;
  for (size_t at = 0; at < tensor.data.size(); at += kStep) {
    const auto bytes = tensor.data.subspan(at, std::min(kStep, tensor.data.size() - at));
    hash.add(bytes);
    file.release(tensor, bytes);
  }
  return hash.digest();
}

int64_t rows_of(const GgufTensor& tensor) { return tensor.elements() / tensor.ne[0]; }

int64_t parts_of(const GgufTensor& tensor) {
  const int64_t step = rows_per_part(tensor);
  return (rows_of(tensor) + step - 1) / step;
}

void for_each_piece(const GgufTensor& tensor, const WeightFormat& format, int64_t first,
                    int64_t last, const std::function<void(const Piece&)>& visit) {
  const int64_t width = tensor.ne[0];
  std::vector<float> values(static_cast<size_t>(std::min(width, kPieceValues)));
  const float scale = format.tensor_scale(tensor.data.data(), tensor.elements());
  const std::byte* row = bytes_of(tensor, format, first, last).data();
  for (int64_t r = first; r < last; ++r, row += format.row_bytes(width)) {
    for (int64_t column = 0; column < width; column += kPieceValues) {
      const int64_t n = std::min(kPieceValues, width - column);
      format.decode(row + format.row_bytes(column), values.data(), n);
      if (format.tail_bytes > 0)
        for (float& value : std::span(values).first(static_cast<size_t>(n))) value *= scale;
      visit({r, column, std::span(values).first(static_cast<size_t>(n))});
    }
  }
}

void for_each_part(const GgufFile& file, const GgufTensor& tensor, const WeightFormat& format,
                   ThreadPool& pool, const std::function<void(const RowRange&)>& body,
                   const std::function<void(int64_t, std::span<const std::byte>)>& done) {
  const int64_t step = rows_per_part(tensor);
  const int64_t rows = rows_of(tensor);
  const int64_t parts = parts_of(tensor);
  const int64_t wave = int64_t{4} * pool.threads();
  for (int64_t at = 0; at < parts; at += wave) {
    const int64_t n = std::min(wave, parts - at);
    const auto bytes = bytes_of(tensor, format, at * step, std::min(rows, (at + n) * step));
    file.will_read(tensor, bytes);
    pool.parallel_for(n, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = at + begin; part < at + end; ++part)
        body({part, part * step, std::min(rows, (part + 1) * step)});
    });
    for (int64_t part = at; part < at + n; ++part)
      done(part, bytes_of(tensor, format, part * step, std::min(rows, (part + 1) * step)));
    file.release(tensor, bytes);
  }
}

}  // namespace crossval
