// Rows of values that lie one behind the other.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/float16.h"
#include "rowfiles/formats.h"

namespace crossval {
namespace {

class ArrayRows : public RowFile {
 public:
  ArrayRows(MappedFile file, RowFileFacts facts, uint64_t data, ValueType type)
      : file_(std::move(file)), facts_(std::move(facts)), data_(data), type_(type) {
    values_.resize(static_cast<size_t>(facts_.n_vocab));
  }

  const RowFileFacts& facts() const override { return facts_; }

  Result<Row> row(int32_t i) override {
    const size_t width = bytes_of(type_), bytes = values_.size() * width;
    const std::byte* from = file_.bytes().data() + data_ + static_cast<size_t>(i) * bytes;
    if (type_ == ValueType::f32) {
      std::memcpy(values_.data(), from, bytes);
    } else {
      for (size_t k = 0; k < values_.size(); ++k) values_[k] = value_at(from + k * width);
    }
    file_.release({from, bytes});
    return Row(values_);
  }

 private:
  float value_at(const std::byte* from) const {
    if (type_ != ValueType::f64) {
      uint16_t half = 0;
      std::memcpy(&half, from, sizeof half);
      return type_ == ValueType::f16 ? f16_to_f32(half) : bf16_to_f32(half);
    }
    double wide = 0;
    std::memcpy(&wide, from, sizeof wide);
    return static_cast<float>(wide);
  }

  MappedFile file_;
  RowFileFacts facts_;
  uint64_t data_;
  ValueType type_;
  std::vector<float> values_;
};

}  // namespace

size_t bytes_of(ValueType type) {
  return type == ValueType::f64 ? 8 : type == ValueType::f32 ? 4 : 2;
}

std::unique_ptr<RowFile> rows_of_array(MappedFile file, RowFileFacts facts, uint64_t data,
                                       ValueType type) {
  return std::make_unique<ArrayRows>(std::move(file), std::move(facts), data, type);
}

RowFileResult rows_of_shape(MappedFile& file, std::string format, std::span<const int64_t> shape,
                            ValueType type, uint64_t data, uint64_t size) {
  const bool rows_alone =
      !shape.empty() && shape.size() <= 4 &&
      std::ranges::all_of(shape.first(shape.size() - std::min<size_t>(2, shape.size())),
                          [](int64_t n) { return n == 1; });
  const int64_t rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  if (!rows_alone || rows < 1 || rows > INT32_MAX || shape.back() < 1 ||
      shape.back() > kMostVocabulary) {
    return bad_row_file(file, data, fmt::format("an array of shape ({})", fmt::join(shape, ", ")),
                        "Rows of logits are positions × vocabulary.");
  }
  const uint64_t needed =
      static_cast<uint64_t>(rows) * static_cast<uint64_t>(shape.back()) * bytes_of(type);
  if (needed != size) {
    return bad_row_file(file, data,
                        fmt::format("{} bytes of values where the shape needs {}", size, needed));
  }
  RowFileFacts facts{.format = std::move(format),
                     .n_vocab = static_cast<int32_t>(shape.back()),
                     .rows = static_cast<int32_t>(rows)};
  if (type == ValueType::f16) facts.limits.emplace_back("its logits were rounded to float16");
  if (type == ValueType::bf16) facts.limits.emplace_back("its logits were rounded to bfloat16");
  if (type == ValueType::f64) facts.limits.emplace_back("its float64 is rounded to float32 here");
  return rows_of_array(std::move(file), std::move(facts), data, type);
}

}  // namespace crossval
