#include "checkpoint/transform.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/float16.h"
#include "base/shown_text.h"
#include "quant/format.h"

namespace crossval {
namespace {

using enum TensorChange;

struct Dtype {
  std::string_view name;
  WeightType type;
  int64_t bytes;
};
constexpr Dtype kDtypes[] = {
    {"F32", WeightType::f32, 4}, {"F16", WeightType::f16, 2}, {"BF16", WeightType::bf16, 2}};

const Dtype* dtype_of(const SafetensorsTensor& tensor) {
  const auto* const at = std::ranges::find(kDtypes, tensor.dtype, &Dtype::name);
  return at == std::end(kDtypes) ? nullptr : at;
}

bool transposes(TensorChange change) {
  return change == transposed || change == transposed_even || change == transposed_odd;
}

bool halves(TensorChange change) {
  return change == first_half || change == second_half || change == even || change == odd ||
         change == transposed_even || change == transposed_odd;
}

/// A source as slices of rows of `width` values, after it was transposed where that is to be done.
/// What is a vector a slice (biases) has rows of one value.
struct Grid {
  int64_t slices = 1, rows = 1, width = 1;
};

Grid grid_of(const MadeTensor& tensor) {
  const std::vector<int64_t>& shape = tensor.sources.front()->shape;
  const bool vectors = shape.size() < 2 || tensor.name.ends_with(".bias");
  Grid grid;
  size_t end = shape.size();
  if (!vectors) grid.width = shape[--end];
  if (end > 0) grid.rows = shape[--end];
  while (end > 0) grid.slices *= shape[--end];
  if (transposes(tensor.change)) std::swap(grid.rows, grid.width);
  return grid;
}

/// Rows of a slice that come out of it.
int64_t rows_out(TensorChange change, const Grid& grid, const HeadSizes& sizes) {
  if (halves(change)) return grid.rows / 2;
  const int64_t both = sizes.latent_keys + sizes.latent_values;
  if (change == keys_of_latent) return grid.rows / both * sizes.latent_keys;
  if (change == values_of_latent) return grid.rows / both * sizes.latent_values;
  return grid.rows;
}

/// Which row of its slice row r of what comes out is.
int64_t source_row(TensorChange change, int64_t r, const Grid& grid, const HeadSizes& sizes) {
  const auto paired = [&](int64_t heads) {
    const int64_t head = grid.rows / heads;
    const int64_t i = r % head;
    return r - i + i % 2 * (head / 2) + i / 2;
  };
  const auto of_latent = [&](int64_t own, int64_t before) {
    return r / own * (sizes.latent_keys + sizes.latent_values) + before + r % own;
  };
  switch (change) {
    case q_order:
      return paired(sizes.heads);
    case k_order:
      return paired(sizes.kv_heads);
    case qkv_by_head: {
      const int64_t third = grid.rows / 3;
      const int64_t head = third / sizes.heads;
      return (r % third / head * 3 + r / third) * head + r % head;
    }
    case second_half:
      return r + grid.rows / 2;
    case even:
    case transposed_even:
      return 2 * r;
    case odd:
    case transposed_odd:
      return 2 * r + 1;
    case keys_of_latent:
      return of_latent(sizes.latent_keys, 0);
    case values_of_latent:
      return of_latent(sizes.latent_values, sizes.latent_keys);
    default:
      return r;
  }
}

/// Whether the rows fall into what a change takes apart; why not.
std::string misfit(TensorChange change, const Grid& grid, const HeadSizes& sizes) {
  const auto into = [&](int64_t n, std::string_view what) {
    return n < 1 || grid.rows % n != 0
               ? fmt::format("{} rows do not fall into {} {}", grid.rows, n, what)
               : std::string();
  };
  switch (change) {
    case q_order:
      return into(2 * sizes.heads, "halves of heads");
    case k_order:
      return into(2 * sizes.kv_heads, "halves of heads");
    case qkv_by_head:
      return into(3 * sizes.heads, "heads' q, k and v");
    case keys_of_latent:
    case values_of_latent:
      return into(sizes.latent_keys + sizes.latent_values, "rows a head");
    default:
      return halves(change) ? into(2, "halves") : std::string();
  }
}

std::vector<std::byte> transposed_slices(std::span<const std::byte> data, const Grid& out,
                                         size_t element) {
  std::vector<std::byte> turned(data.size());
  const auto at = [&](int64_t slice, int64_t row, int64_t column, int64_t rows, int64_t columns) {
    return static_cast<size_t>((slice * rows + row) * columns + column) * element;
  };
  for (int64_t s = 0; s < out.slices; ++s)
    for (int64_t r = 0; r < out.rows; ++r)
      for (int64_t c = 0; c < out.width; ++c)
        std::memcpy(turned.data() + at(s, r, c, out.rows, out.width),
                    data.data() + at(s, c, r, out.width, out.rows), element);
  return turned;
}

/// What llama.cpp reads as F32 alone, whatever the file's type is.
bool is_f32_alone(const MadeTensor& tensor) {
  const std::string& name = tensor.name;
  return tensor.ne.size() < 2 || !name.ends_with(".weight") || name.ends_with("_norm.weight") ||
         name.find("ffn_gate_inp") != std::string::npos || name == "position_embd.weight";
}

float value_at(const std::byte* data, WeightType type) {
  if (type == WeightType::f32) {
    float value = 0;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
  uint16_t half = 0;
  std::memcpy(&half, data, sizeof half);
  return type == WeightType::f16 ? f16_to_f32(half) : bf16_to_f32(half);
}

/// 1 + x as the converter adds it: in binary16 where x is that.
float one_more(float x, WeightType type) {
  const float sum = x + 1.0F;
  return type == WeightType::f16 ? f16_to_f32(f32_to_f16(sum)) : sum;
}

std::vector<std::byte> as_f32(std::span<const std::byte> data, const Dtype& dtype, bool plus_one) {
  const auto width = static_cast<size_t>(dtype.bytes);
  std::vector<std::byte> out(data.size() / width * sizeof(float));
  for (size_t i = 0; i < data.size() / width; ++i) {
    const float x = value_at(data.data() + i * width, dtype.type);
    const float value = plus_one ? one_more(x, dtype.type) : x;
    std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
  }
  return out;
}

std::vector<std::byte> one_source(const MadeTensor& tensor, const SafetensorsTensor& source,
                                  const HeadSizes& sizes) {
  const auto element = static_cast<size_t>(dtype_of(source)->bytes);
  const Grid grid = grid_of(tensor);
  std::vector<std::byte> turned;
  std::span<const std::byte> data = source.data;
  if (transposes(tensor.change)) data = turned = transposed_slices(data, grid, element);
  const int64_t rows = rows_out(tensor.change, grid, sizes);
  const size_t row_bytes = static_cast<size_t>(grid.width) * element;
  std::vector<std::byte> out(static_cast<size_t>(grid.slices * rows) * row_bytes);
  std::byte* to = out.data();
  for (int64_t s = 0; s < grid.slices; ++s) {
    for (int64_t r = 0; r < rows; ++r, to += row_bytes) {
      const int64_t from = s * grid.rows + source_row(tensor.change, r, grid, sizes);
      std::memcpy(to, data.data() + static_cast<size_t>(from) * row_bytes, row_bytes);
    }
  }
  if (tensor.change != keys_of_latent) return out;
  // A slice a head of what llama.cpp multiplies with: values of the latent vector × keys.
  const int64_t keys = sizes.latent_keys;
  return transposed_slices(out, {.slices = rows / keys, .rows = grid.width, .width = keys},
                           element);
}

}  // namespace

uint64_t MadeTensor::bytes() const {
  uint64_t values = 1;
  for (const int64_t n : ne) values *= static_cast<uint64_t>(n);
  return values * (type_id == static_cast<uint32_t>(WeightType::f32) ? 4 : 2);
}

Result<void> plan(MadeTensor& tensor, const HeadSizes& sizes, const std::string& where) {
  const SafetensorsTensor& first = *tensor.sources.front();
  const auto bad = [&](const SafetensorsTensor& source, std::string what, std::string hint = {}) {
    return fail(ExitCode::bad_input_file, std::move(what),
                fmt::format("{}, tensor {}", where, shown_text(source.name)), std::move(hint));
  };
  const Dtype* dtype = dtype_of(first);
  for (const SafetensorsTensor* source : tensor.sources) {
    if (dtype_of(*source) == nullptr) {
      return bad(*source, fmt::format("values of {} are not supported", source->dtype),
                 "Supported: F32, F16, BF16. A quantised checkpoint is one of another model: take "
                 "the one that it was made from.");
    }
    if (source->shape != first.shape || dtype_of(*source) != dtype) {
      return bad(*source, fmt::format("{} of shape [{}], another expert's is {} of shape [{}]",
                                      source->dtype, fmt::join(source->shape, ", "), first.dtype,
                                      fmt::join(first.shape, ", ")));
    }
  }
  const size_t most = tensor.change == stacked ? 2 : 3;
  const bool empty = std::ranges::find(first.shape, 0) != first.shape.end();
  if (first.shape.empty() || first.shape.size() > most || empty ||
      (transposes(tensor.change) && first.shape.size() < 2)) {
    return bad(first, fmt::format("shape [{}] is not one that such a tensor has",
                                  fmt::join(first.shape, ", ")));
  }
  const Grid grid = grid_of(tensor);
  if (const std::string what = misfit(tensor.change, grid, sizes); !what.empty())
    return bad(first, what);
  const int64_t rows = rows_out(tensor.change, grid, sizes);
  tensor.ne.assign(first.shape.rbegin(), first.shape.rend());
  if (transposes(tensor.change)) std::swap(tensor.ne[0], tensor.ne[1]);
  const bool vectors =
      grid.width == 1 && (first.shape.size() < 2 || tensor.name.ends_with(".bias"));
  tensor.ne[vectors ? 0 : 1] = rows;
  if (tensor.change == keys_of_latent)
    tensor.ne = {sizes.latent_keys, grid.width, rows / sizes.latent_keys};
  if (tensor.change == values_of_latent)
    tensor.ne = {grid.width, sizes.latent_values, rows / sizes.latent_values};
  if (tensor.change == stacked) tensor.ne.push_back(static_cast<int64_t>(tensor.sources.size()));
  const WeightType type = is_f32_alone(tensor) ? WeightType::f32 : dtype->type;
  tensor.type_id = static_cast<uint32_t>(type);
  tensor.as_stored = tensor.change == none && !tensor.plus_one && type == dtype->type;
  return {};
}

std::vector<std::byte> bytes_of(const MadeTensor& tensor, const HeadSizes& sizes) {
  const Dtype& dtype = *dtype_of(*tensor.sources.front());
  const bool widen = tensor.plus_one || (tensor.type_id == static_cast<uint32_t>(WeightType::f32) &&
                                         dtype.type != WeightType::f32);
  std::vector<std::byte> out;
  out.reserve(tensor.bytes());
  for (const SafetensorsTensor* source : tensor.sources) {
    std::vector<std::byte> part = one_source(tensor, *source, sizes);
    if (widen) part = as_f32(part, dtype, tensor.plus_one);
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace crossval
