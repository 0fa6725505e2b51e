#include "explain/reproduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "explain/expectation.h"
#include "explain/units.h"
#include "safetensors/writer.h"

namespace crossval {
namespace {

/// The last chunk's view of the operation.
class OperationFile {
 public:
  OperationFile(const Truth& truth, size_t op, const EngineArithmetic& arithmetic, ThreadPool& pool)
      : truth_(truth), op_(truth.graph.ops[op]), arithmetic_(arithmetic), pool_(pool) {}

  void look(const Judge::Sight& sight) {
    tensors_.clear();
    const int64_t n = sight.in.positions;
    for (size_t i = 0; i < sight.in.values.size(); ++i) {
      const OracleRows& rows = sight.in.values[i];
      add(fmt::format("input {} {}", i, name_of(op_.inputs[i])), rows.data, n, rows.width);
    }
    const bool attends = std::holds_alternative<Attend>(op_.action);
    if (attends) add("keys", sight.in.keys.data, sight.in.first + n, sight.in.keys.width);
    if (attends) {
      add("values", sight.in.values_of_keys.data, sight.in.first + n,
          sight.in.values_of_keys.width);
    }
    const KnownValue expected =
        expect(op_.action, sight.in, {}, sight.width,
               arithmetic_.rounding(op_.action, sight.in.positions), pool_, nullptr);
    add("expected", expected.values.data(), n, sight.width);
    if (!expected.slack.empty()) add("bound", expected.slack.data(), n, sight.width);
    actual_.assign(sight.value, sight.value + n * sight.width);
    width_ = sight.width;
  }

  Result<void> write(const std::string& path) const {
    std::vector<SafetensorsEntry> entries;
    entries.reserve(tensors_.size() + 1);
    for (const Tensor& tensor : tensors_)
      entries.push_back({tensor.name, tensor.rows, tensor.columns, true});
    entries.push_back({"actual", std::ssize(actual_) / width_, width_, false});
    auto writer = SafetensorsWriter::create(path, std::move(entries), {});
    if (!writer) return tl::unexpected(writer.error());
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (auto ok = (*writer)->write(i, 0, tensors_[i].values); !ok) return ok;
    }
    if (auto ok = (*writer)->write(tensors_.size(), 0, actual_); !ok) return ok;
    return (*writer)->finish();
  }

  bool seen() const { return width_ > 0; }

 private:
  struct Tensor {
    std::string name;
    int64_t rows, columns;
    std::vector<double> values;
  };

  void add(std::string name, const double* data, int64_t rows, int64_t columns) {
    tensors_.push_back({std::move(name), rows, columns, {data, data + rows * columns}});
  }

  std::string name_of(ValueId value) const {
    for (size_t i = 0; i < truth_.graph.ops.size(); ++i)
      if (truth_.graph.ops[i].output == value) return truth_.names[i].result.name;
    return {};
  }

  const Truth& truth_;
  const Op& op_;
  const EngineArithmetic& arithmetic_;
  ThreadPool& pool_;
  std::vector<Tensor> tensors_;
  std::vector<float> actual_;
  int64_t width_ = 0;
};

/// The engine judged on some ids.
struct Attempt {
  std::unique_ptr<Account> account;
  std::span<const TokenId> ids;
  JudgedOperation operation;

  bool shows_it() const { return operation.judged && operation.error.units > kLimit; }
};

}  // namespace

Result<Reproduction> reproduce(const Truth& truth, std::span<const TokenId> ids, int32_t at,
                               size_t op, Engine& engine, ThreadPool& pool,
                               const std::string& folder, const std::stop_token& stop) {
  // On the last `size` tokens up to that position.
  const auto end = static_cast<size_t>(at) + 1;
  const auto attempt = [&](size_t size) -> Result<Attempt> {
    Attempt made{.account = nullptr, .ids = ids.subspan(end - size, size), .operation = {}};
    made.account = std::make_unique<Account>(truth, made.ids, Range{}, engine, pool, stop);
    const auto judged = made.account->run({});
    if (!judged) return tl::unexpected(judged.error());
    made.operation = judged->operations[op];
    return made;
  };
  size_t too_few = 0;
  std::optional<Attempt> shortest;
  for (size_t size = 1; !shortest; size = std::min(2 * size, end)) {
    auto made = attempt(size);
    if (!made) return tl::unexpected(made.error());
    if (made->shows_it() || size == end) {
      shortest = *std::move(made);
    } else {
      too_few = size;
    }
  }
  while (shortest->ids.size() - too_few > 1) {
    const size_t size = too_few + (shortest->ids.size() - too_few) / 2;
    auto made = attempt(size);
    if (!made) return tl::unexpected(made.error());
    if (made->shows_it()) {
      shortest = *std::move(made);
    } else {
      too_few = size;
    }
  }
  Account& account = *shortest->account;
  OperationFile file(truth, op, account.arithmetic(), pool);
  EngineValues none;
  auto looked = account.look_at(op, [&](const Judge::Sight& sight) { file.look(sight); }, none);
  if (!looked) return tl::unexpected(looked.error());
  if (file.seen()) {
    if (auto ok = file.write(folder + "/operation.safetensors"); !ok)
      return tl::unexpected(ok.error());
  }
  return Reproduction{{shortest->ids.begin(), shortest->ids.end()},
                      shortest->shows_it() ? shortest->operation.error : LocalError{}};
}

}  // namespace crossval
