#include <utility>

#include "rowfiles/row_file.h"

namespace crossval {
namespace {

class RowsInMemory : public RowFile {
 public:
  RowsInMemory(RowFileFacts facts, std::vector<TopRow> rows)
      : facts_(std::move(facts)), rows_(std::move(rows)) {}

  const RowFileFacts& facts() const override { return facts_; }
  Result<Row> row(int32_t i) override { return Row(rows_[static_cast<size_t>(i)]); }

 private:
  RowFileFacts facts_;
  std::vector<TopRow> rows_;
};

}  // namespace

std::unique_ptr<RowFile> rows_in_memory(RowFileFacts facts, std::vector<TopRow> rows) {
  return std::make_unique<RowsInMemory>(std::move(facts), std::move(rows));
}

}  // namespace crossval
