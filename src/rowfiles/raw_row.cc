#include <cstring>
#include <string_view>
#include <utility>

#include "rowfiles/formats.h"

namespace crossval {
namespace {

class RawRow : public RowFile {
 public:
  RawRow(MappedFile file, RowFileFacts facts)
      : file_(std::move(file)),
        facts_(std::move(facts)),
        values_(static_cast<size_t>(facts_.n_vocab)) {}

  const RowFileFacts& facts() const override { return facts_; }

  Result<Row> row(int32_t) override {
    std::memcpy(values_.data(), file_.bytes().data(), file_.bytes().size());
    return Row(values_);
  }

 private:
  MappedFile file_;
  RowFileFacts facts_;
  std::vector<float> values_;
};

}  // namespace

RowFileResult open_raw_row(MappedFile& file) {
  if (!file.path().ends_with(".bin")) return nullptr;
  const size_t size = file.bytes().size();
  if (size % sizeof(float) != 0 || size / sizeof(float) > 16777215) {
    return bad_row_file(file, size, "no row of float32 values: its size is " + std::to_string(size),
                        "A .bin is read as llama.cpp's model-conversion writes it: the logits of "
                        "the last position.");
  }
  RowFileFacts facts{.format = "raw float32 row",
                     .n_vocab = static_cast<int32_t>(size / sizeof(float)),
                     .rows = 1,
                     .limits = {"it has the last position of some prompt alone, and says neither "
                                "which nor of which tokens"}};
  return std::make_unique<RawRow>(std::move(file), std::move(facts));
}

}  // namespace crossval
