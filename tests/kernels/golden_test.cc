// Every kernel set against dots that llama.cpp itself computed
// (tests/golden/kernels_vs_reference.cc): packing and product together, ordinary and extreme rows.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/rows.h"

namespace crossval {
namespace {

struct Case {
  int64_t n = 0;
  int64_t rows = 0;
  int64_t positions = 0;
  std::vector<std::byte> weights;
  std::vector<float> activations;
  std::vector<float> dots;
};

template <class T>
bool take(const std::vector<char>& bytes, size_t& at, std::vector<T>& out, size_t count) {
  if (bytes.size() - at < count * sizeof(T)) return false;
  out.resize(count);
  std::memcpy(out.data(), bytes.data() + at, count * sizeof(T));
  at += count * sizeof(T);
  return true;
}

std::vector<Case> load_cases(const WeightFormat& format) {
  std::ifstream file(
      std::string(CROSSVAL_TESTDATA) + "/kernels/" + std::string(format.name) + ".bin",
      std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<Case> cases;
  size_t at = 0;
  while (at < bytes.size()) {
    std::vector<uint32_t> header;
    Case c;
    if (!take(bytes, at, header, 3)) return {};
    c.n = header[0];
    c.rows = header[1];
    c.positions = header[2];
    if (!take(bytes, at, c.weights, static_cast<size_t>(c.rows * format.row_bytes(c.n))) ||
        !take(bytes, at, c.activations, static_cast<size_t>(c.positions * c.n)) ||
        !take(bytes, at, c.dots, static_cast<size_t>(c.positions * c.rows))) {
      return {};
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

class GoldenDots : public testing::TestWithParam<WeightFormat> {};

TEST_P(GoldenDots, EverySetGivesTheBitsOfLlamaCpp) {
  const WeightFormat& format = GetParam();
  const std::vector<Case> cases = load_cases(format);
  ASSERT_EQ(cases.size(), 2U) << "golden file missing or broken";
  for (const KernelSet* set : kernel_sets()) {
    if (!set->supported()) continue;  // scalar, the same test, is never skipped
    for (const Case& c : cases) {
      const int64_t stride = packed_row_bytes(format.activation, c.n);
      std::vector<std::byte> packed(static_cast<size_t>(stride * c.positions));
      for (int64_t p = 0; p < c.positions; ++p) {
        set->pack(format.activation)(c.activations.data() + p * c.n, c.n,
                                     packed.data() + p * stride);
      }
      std::vector<float> out(c.dots.size());
      set->tile(format.type)(c.weights.data(), format.row_bytes(c.n), c.rows, packed.data(), stride,
                             c.positions, c.n, out.data(), c.rows);
      for (size_t i = 0; i < out.size(); ++i) {
        ASSERT_TRUE(testing_rows::same_float(out[i], c.dots[i]))
            << set->name << " position " << i / c.rows << " row " << i % c.rows << ": " << out[i]
            << ", llama.cpp has " << c.dots[i];
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenDots,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crossval
