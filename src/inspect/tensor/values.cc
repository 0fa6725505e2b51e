#include "inspect/tensor/values.h"

#include <algorithm>
#include <vector>

#include "base/sha256.h"

namespace crossval {
namespace {

constexpr int64_t kPartValues = 1 << 20;

int64_t rows_per_part(const GgufTensor& tensor) {
  return std::max<int64_t>(1, kPartValues / tensor.ne[0]);
}

}  // namespace

std::string digest_of(const GgufFile& file, const GgufTensor& tensor) {
  constexpr size_t kStep = size_t{8} << 20;
  Sha256 hash;
  file.stream(tensor, tensor.data, kStep, [&](std::span<const std::byte> part) { hash.add(part); });
  return hash.digest();
}

int64_t rows_of(const GgufTensor& tensor) { return tensor.elements() / tensor.ne[0]; }

int64_t parts_of(const GgufTensor& tensor) {
  const int64_t step = rows_per_part(tensor);
  return (rows_of(tensor) + step - 1) / step;
}

std::optional<TensorValues> values_of(const GgufFile& file, const GgufTensor& tensor,
                                      I2sLayout i2s) {
  const WeightFormat* format = find_weight_format(tensor.type_id);
  if (format == nullptr) return std::nullopt;
  const bool in_fours = rows_of(tensor) % 4 == 0;
  if (format->type != WeightType::i2_s || (i2s == I2sLayout::x86_rows && !in_fours))
    i2s = I2sLayout::x86;
  return TensorValues{&file, &tensor, format, i2s};
}

std::span<const std::byte> TensorValues::bytes_of(int64_t first, int64_t last) const {
  const int64_t row_bytes = format->row_bytes(tensor->ne[0]);
  return tensor->data.subspan(static_cast<size_t>(first * row_bytes),
                              static_cast<size_t>((last - first) * row_bytes));
}

void TensorValues::decode(int64_t row, int64_t column, std::span<float> values) const {
  const auto n = static_cast<int64_t>(values.size());
  const int64_t width = tensor->ne[0];
  const std::byte* data = tensor->data.data();
  if (i2s == I2sLayout::x86) {
    format->decode(data + row * format->row_bytes(width) + format->row_bytes(column), values.data(),
                   n);
  } else {
    std::vector<uint8_t> codes(static_cast<size_t>(n / 4));
    i2s_to_x86(i2s, reinterpret_cast<const uint8_t*>(data), row, width, column, n, codes.data());
    format->decode(reinterpret_cast<const std::byte*>(codes.data()), values.data(), n);
  }
  if (format->tail_bytes == 0) return;
  const float scale = format->tensor_scale(data, tensor->elements());
  for (float& value : values) value *= scale;
}

void for_each_piece(const TensorValues& values, int64_t first, int64_t last,
                    const std::function<void(const Piece&)>& visit) {
  const int64_t width = values.tensor->ne[0];
  std::vector<float> buffer(static_cast<size_t>(std::min(width, kPieceValues)));
  for (int64_t row = first; row < last; ++row) {
    for (int64_t column = 0; column < width; column += kPieceValues) {
      const auto piece =
          std::span(buffer).first(static_cast<size_t>(std::min(kPieceValues, width - column)));
      values.decode(row, column, piece);
      visit({row, column, piece});
    }
  }
}

void for_each_part(const TensorValues& values, ThreadPool& pool,
                   const std::function<void(const RowRange&)>& body,
                   const std::function<void(int64_t, std::span<const std::byte>)>& done) {
  const GgufTensor& tensor = *values.tensor;
  const int64_t step = rows_per_part(tensor);
  const int64_t rows = rows_of(tensor);
  const int64_t parts = parts_of(tensor);
  const int64_t wave = int64_t{4} * pool.threads();
  for (int64_t at = 0; at < parts; at += wave) {
    const int64_t n = std::min(wave, parts - at);
    const auto bytes = values.bytes_of(at * step, std::min(rows, (at + n) * step));
    values.file->will_read(tensor, bytes);
    pool.parallel_for(n, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = at + begin; part < at + end; ++part)
        body({part, part * step, std::min(rows, (part + 1) * step)});
    });
    for (int64_t part = at; part < at + n; ++part)
      done(part, values.bytes_of(part * step, std::min(rows, (part + 1) * step)));
    values.file->release(tensor, bytes);
  }
}

}  // namespace crossval
