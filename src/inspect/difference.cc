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

bool same(const InspectedTensor& a, const InspectedTensor& b) {
  return a.type == b.type && a.shape == b.shape && a.sha256 == b.sha256;
}

std::optional<TensorDistance> distance_of(const GgufFile& file_a, const GgufTensor& a,
                                          const GgufFile& file_b, const GgufTensor& b,
                                          ThreadPool& pool) {
  const WeightFormat* format_a = find_weight_format(a.type_id);
  const WeightFormat* format_b = find_weight_format(b.type_id);
  if (format_a == nullptr || format_b == nullptr || a.ne != b.ne) return std::nullopt;
  Sums total;
  std::vector<std::unique_ptr<Sums>> parts(static_cast<size_t>(parts_of(a)));
  for_each_part(
      file_a, a, *format_a, pool,
      [&](const RowRange& rows) {
        auto& sums = parts[static_cast<size_t>(rows.index)];
        sums = std::make_unique<Sums>();
        std::vector<float> other;
        const int64_t row_bytes = format_b->row_bytes(b.ne[0]);
        const float scale = format_b->tensor_scale(b.data.data(), b.elements());
        for_each_piece(a, *format_a, rows.first, rows.last, [&](const Piece& piece) {
          other.resize(piece.values.size());
          format_b->decode(
              b.data.data() + piece.row * row_bytes + format_b->row_bytes(piece.column),
              other.data(), static_cast<int64_t>(other.size()));
          if (format_b->tail_bytes > 0)
            for (float& value : other) value *= scale;
          sums->add(piece.values, other);
        });
        file_b.release(b,
                       b.data.subspan(static_cast<size_t>(rows.first * row_bytes),
                                      static_cast<size_t>((rows.last - rows.first) * row_bytes)));
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
  FileDifference difference{
      .a = path_a, .b = path_b, .metadata = {}, .tensors = {}, .identical = {}};
  compare_metadata(*a, *b, difference);
  ThreadPool pool(options.threads);
  uint64_t done = 0;
  for (const GgufTensor& tensor : a->tensors()) {
    done += tensor.data.size();
    if (!name_matches(tensor.name, options.filter)) continue;
    const GgufTensor* other = b->find_tensor(tensor.name);
    TensorDifference entry{std::string(tensor.name), hashed_tensor(*a, tensor), {}, {}};
    if (other != nullptr) {
      entry.b = hashed_tensor(*b, *other);
      if (same(*entry.a, *entry.b)) {
        difference.identical.push_back({entry.name, entry.a->sha256});
        continue;
      }
      entry.distance = distance_of(*a, tensor, *b, *other, pool);
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
