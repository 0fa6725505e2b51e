#include "inspect/difference.h"

#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "inspect/metadata.h"
#include "inspect/values.h"

namespace crossval {
namespace {

constexpr uint64_t kShownElements = 4;  // of an array

struct Sums {
  int64_t differing = 0;
  double a_squares = 0, b_squares = 0, product = 0, squares = 0, max = 0;

  void add(std::span<const float> a, std::span<const float> b) {
    for (size_t i = 0; i < a.size(); ++i) {
      const double x = a[i];
      const double y = b[i];
      const bool both_nan = std::isnan(x) && std::isnan(y);
      if (x == y || both_nan) {
        if (!both_nan) add_equal(x);
        continue;
      }
      ++differing;
      a_squares += x * x;
      b_squares += y * y;
      product += x * y;
      squares += (x - y) * (x - y);
      const double distance = std::fabs(x - y);
      if (!(distance <= max)) max = distance;  // NaN stays
    }
  }
  void add_equal(double x) {
    a_squares += x * x;
    b_squares += x * x;
    product += x * x;
  }
  void merge(const Sums& next) {
    differing += next.differing;
    a_squares += next.a_squares;
    b_squares += next.b_squares;
    product += next.product;
    squares += next.squares;
    if (!(next.max <= max)) max = next.max;
  }
};

InspectedTensor hashed_tensor(const GgufFile& file, const GgufTensor& tensor) {
  InspectedTensor listed = listed_tensor(tensor);
  listed.sha256 = digest_of(file, tensor);
  return listed;
}

/// The same type, shape, bytes, and the same meaning of these.
bool same(const TensorDifference& tensor, I2sLayout a_layout, I2sLayout b_layout) {
  const InspectedTensor& a = *tensor.a;
  const InspectedTensor& b = *tensor.b;
  return a.type == b.type && a.shape == b.shape && a.sha256 == b.sha256 &&
         (a_layout == b_layout || a.type != weight_format(WeightType::i2_s).name);
}

std::optional<TensorDistance> distance_of(const std::optional<TensorValues>& a,
                                          const std::optional<TensorValues>& b, ThreadPool& pool) {
  if (!a || !b || a->tensor->ne != b->tensor->ne) return std::nullopt;
  Sums total;
  std::vector<std::unique_ptr<Sums>> parts(static_cast<size_t>(parts_of(*a->tensor)));
  for_each_part(
      *a, pool,
      [&](const RowRange& rows) {
        auto& sums = parts[static_cast<size_t>(rows.index)];
        sums = std::make_unique<Sums>();
        std::vector<float> other;
        for_each_piece(*a, rows.first, rows.last, [&](const Piece& piece) {
          other.resize(piece.values.size());
          b->decode(piece.row, piece.column, other);
          sums->add(piece.values, other);
        });
        b->file->release(*b->tensor, b->bytes_of(rows.first, rows.last));
      },
      [&](int64_t part, std::span<const std::byte>) {
        total.merge(*parts[static_cast<size_t>(part)]);
        parts[static_cast<size_t>(part)].reset();
      });
  TensorDistance distance;
  distance.differing = total.differing;
  distance.max_abs_diff = total.max;
  distance.relative_l2 = total.squares == 0 ? 0 : std::sqrt(total.squares / total.b_squares);
  distance.cosine = total.differing == 0
                        ? 1
                        : total.product / std::sqrt(total.a_squares) / std::sqrt(total.b_squares);
  return distance;
}

void compare_metadata(const GgufFile& a, const GgufFile& b, FileDifference& difference) {
  for (const GgufKey& key : a.keys()) {
    const GgufKey* other = b.find_key(key.name);
    if (other != nullptr && same_value(key, *other)) continue;
    MetadataDifference entry{std::string(key.name), metadata_entry(key, kShownElements), {}};
    if (other != nullptr) entry.b = metadata_entry(*other, kShownElements);
    difference.metadata.push_back(std::move(entry));
  }
  for (const GgufKey& key : b.keys()) {
    if (a.find_key(key.name) == nullptr) {
      difference.metadata.push_back(
          {std::string(key.name), {}, metadata_entry(key, kShownElements)});
    }
  }
}

}  // namespace

Result<FileDifference> compare_files(const std::string& path_a, const std::string& path_b,
                                     const InspectOptions& options) {
  const auto a = GgufFile::open(path_a);
  if (!a) return tl::unexpected(a.error());
  const auto b = GgufFile::open(path_b);
  if (!b) return tl::unexpected(b.error());
  FileDifference difference;
  difference.a = path_a;
  difference.b = path_b;
  compare_metadata(*a, *b, difference);
  const auto a_i2s = read_i2s_layout(*a, options.i2s_layout);
  const auto b_i2s = read_i2s_layout(*b, options.i2s_layout);
  difference.a_i2s = facts_of(a_i2s);
  difference.b_i2s = facts_of(b_i2s);
  const I2sLayout a_layout = layout_of(a_i2s);
  const I2sLayout b_layout = layout_of(b_i2s);
  ThreadPool pool(options.threads);
  uint64_t done = 0;
  for (const GgufTensor& tensor : a->tensors()) {
    done += tensor.data.size();
    if (!name_matches(tensor.name, options.filter)) continue;
    const GgufTensor* other = b->find_tensor(tensor.name);
    TensorDifference entry{std::string(tensor.name), hashed_tensor(*a, tensor), {}, {}};
    if (other != nullptr) {
      entry.b = hashed_tensor(*b, *other);
      if (same(entry, a_layout, b_layout)) {
        difference.identical.push_back({entry.name, entry.a->sha256});
        continue;
      }
      entry.distance =
          distance_of(values_of(*a, tensor, a_layout), values_of(*b, *other, b_layout), pool);
    }
    difference.tensors.push_back(std::move(entry));
    if (options.progress) options.progress(done, a->size());
  }
  for (const GgufTensor& tensor : b->tensors()) {
    if (name_matches(tensor.name, options.filter) && a->find_tensor(tensor.name) == nullptr)
      difference.tensors.push_back({std::string(tensor.name), {}, hashed_tensor(*b, tensor), {}});
  }
  return difference;
}

}  // namespace crossval
