// Every kernel set of this processor against the scalar one: any bytes as weights and activations,
// each weight format, packing and product, softmax and SwiGLU. Bits are equal, or both are NaN.
#include "kernels/kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace {

using namespace crossval;

/// What a product is made of. Half of the rest of the input is for its weights, half for its
/// activations.
struct Shape {
  uint8_t format;
  uint8_t rows;
  uint8_t positions;
  uint8_t blocks;  // of a row
};

/// `from` again and again.
void fill(std::span<std::byte> to, std::span<const uint8_t> from) {
  for (size_t i = 0; i < to.size() && !from.empty(); ++i)
    to[i] = static_cast<std::byte>(from[i % from.size()]);
}

void check(bool holds) {
  if (!holds) __builtin_trap();
}

void check_same(std::span<const float> expected, std::span<const float> actual) {
  for (size_t i = 0; i < expected.size(); ++i) {
    check(std::bit_cast<uint32_t>(expected[i]) == std::bit_cast<uint32_t>(actual[i]) ||
          (std::isnan(expected[i]) && std::isnan(actual[i])));
  }
}

struct Product {
  const WeightFormat& format;
  int64_t n, rows, positions;
  std::vector<std::byte> weights;
  std::vector<float> x;

  std::vector<std::byte> packed(const KernelSet& set) const {
    const int64_t stride = packed_row_bytes(format.activation, n);
    std::vector<std::byte> out(static_cast<size_t>(stride * positions));
    for (int64_t p = 0; p < positions; ++p)
      set.pack(format.activation)(x.data() + p * n, n, out.data() + p * stride);
    return out;
  }
  std::vector<float> dots(const KernelSet& set, const std::vector<std::byte>& activations) const {
    std::vector<float> out(static_cast<size_t>(rows * positions));
    set.tile(format.type)(weights.data(), format.row_bytes(n), rows, activations.data(),
                          packed_row_bytes(format.activation, n), positions, n, out.data(), rows);
    return out;
  }
};

void compare(const KernelSet& scalar, const KernelSet& set, const Product& product) {
  const std::vector<std::byte> expected = product.packed(scalar);
  const std::vector<std::byte> actual = product.packed(set);
  // The payload of a NaN is not defined.
  if (std::ranges::none_of(product.x, [](float v) { return std::isnan(v); }))
    check(expected == actual);
  const std::vector<float> dots = product.dots(scalar, expected);
  check_same(dots, product.dots(set, expected));
  check_same(dots, product.dots(set, actual));

  std::vector<float> one = product.x;
  std::vector<float> other = product.x;
  const auto count = static_cast<int64_t>(one.size());
  scalar.softmax(one.data(), count, -INFINITY);
  set.softmax(other.data(), count, -INFINITY);
  check_same(one, other);
  const float* up = product.x.data();
  scalar.swiglu(up, up, one.data(), count);
  set.swiglu(up, up, other.data(), count);
  check_same(one, other);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Shape shape{};
  if (size < sizeof shape) return 0;
  std::memcpy(&shape, data, sizeof shape);
  const std::span rest = std::span(data, size).subspan(sizeof shape);
  const auto formats = weight_formats();
  const WeightFormat& format = formats[shape.format % formats.size()];
  const int64_t unit = format.block_elements == 1 ? 5 : format.block_elements;
  Product product{.format = format,
                  .n = unit * (1 + shape.blocks % 9),
                  .rows = 1 + shape.rows % 9,
                  .positions = 1 + shape.positions % 9,
                  .weights = {},
                  .x = {}};
  product.weights.resize(static_cast<size_t>(product.rows * format.row_bytes(product.n)));
  product.x.resize(static_cast<size_t>(product.positions * product.n));
  fill(product.weights, rest.first(rest.size() / 2));
  fill(std::as_writable_bytes(std::span(product.x)), rest.subspan(rest.size() / 2));
  const KernelSet& scalar = *kernel_sets().front();
  for (const KernelSet* set : kernel_sets()) {
    if (set != &scalar && set->supported()) compare(scalar, *set, product);
  }
  return 0;
}
