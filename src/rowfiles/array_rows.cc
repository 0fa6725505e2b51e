// Rows of values that lie one behind the other.
#include <cstring>
#include <utility>

#include "base/float16.h"
#include "rowfiles/formats.h"

namespace crossval {
namespace {

class ArrayRows : public RowFile {
 public:
  ArrayRows(MappedFile file, RowFileFacts facts, uint64_t data, size_t width)
      : file_(std::move(file)), facts_(std::move(facts)), data_(data), width_(width) {
    values_.resize(static_cast<size_t>(facts_.n_vocab));
  }

  const RowFileFacts& facts() const override { return facts_; }

  Result<Row> row(int32_t i) override {
    const size_t bytes = values_.size() * width_;
    const std::byte* from = file_.bytes().data() + data_ + static_cast<size_t>(i) * bytes;
    if (width_ == sizeof(float)) {
      std::memcpy(values_.data(), from, bytes);
    } else {
      for (size_t k = 0; k < values_.size(); ++k) values_[k] = value_at(from + k * width_);
    }
    file_.release({from, bytes});
    return Row(values_);
  }

 private:
  float value_at(const std::byte* from) const {
    if (width_ == sizeof(uint16_t)) {
      uint16_t half = 0;
      std::memcpy(&half, from, sizeof half);
      return f16_to_f32(half);
    }
    double wide = 0;
    std::memcpy(&wide, from, sizeof wide);
    return static_cast<float>(wide);
  }

  MappedFile file_;
  RowFileFacts facts_;
  uint64_t data_;
  size_t width_;  // bytes of a value
  std::vector<float> values_;
};

}  // namespace

std::unique_ptr<RowFile> rows_of_array(MappedFile file, RowFileFacts facts, uint64_t data,
                                       size_t width) {
  return std::make_unique<ArrayRows>(std::move(file), std::move(facts), data, width);
}

}  // namespace crossval
