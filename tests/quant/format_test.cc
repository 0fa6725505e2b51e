// Decoders against golden files that tests/golden/make_format_golden.py made with PyPI `gguf`.
#include "quant/format.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace crossval {
namespace {

struct Golden {
  std::vector<std::byte> blocks;
  std::vector<float> values;
};

Golden load_golden(const WeightFormat& format) {
  std::ifstream file(
      std::string(CROSSVAL_TESTDATA) + "/formats/" + std::string(format.name) + ".bin",
      std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  uint32_t count = 0;
  Golden golden;
  if (bytes.size() < 4) return golden;
  std::memcpy(&count, bytes.data(), 4);
  const size_t stored = static_cast<size_t>(count) * format.block_bytes;
  const size_t values = static_cast<size_t>(count) * format.block_elements;
  if (bytes.size() != 4 + stored + 4 * values) return golden;
  golden.blocks.resize(stored);
  golden.values.resize(values);
  std::memcpy(golden.blocks.data(), bytes.data() + 4, stored);
  std::memcpy(golden.values.data(), bytes.data() + 4 + stored, 4 * values);
  return golden;
}

class FormatTest : public testing::TestWithParam<WeightFormat> {};

TEST_P(FormatTest, DecodesAsTheGgufPackage) {
  const WeightFormat& format = GetParam();
  const Golden golden = load_golden(format);
  ASSERT_FALSE(golden.values.empty()) << "no golden file for " << format.name;
  std::vector<float> decoded(golden.values.size());
  format.decode(golden.blocks.data(), decoded.data(), static_cast<int64_t>(decoded.size()));
  for (size_t i = 0; i < decoded.size(); ++i) {
    if (std::isnan(golden.values[i])) {  // the payload is not part of the format
      ASSERT_TRUE(std::isnan(decoded[i])) << format.name << " value " << i;
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(decoded[i]), std::bit_cast<uint32_t>(golden.values[i]))
        << format.name << " value " << i << ": " << decoded[i] << ", gguf has " << golden.values[i];
  }
}

TEST_P(FormatTest, IsFoundByIdAndByNameInAnyCase) {
  const WeightFormat& format = GetParam();
  EXPECT_EQ(find_weight_format(static_cast<uint32_t>(format.type))->name, format.name);
  std::string lower(format.name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(find_weight_format(lower)->type, format.type);
  EXPECT_EQ(format.row_bytes(3 * format.block_elements), 3 * format.block_bytes);
}

INSTANTIATE_TEST_SUITE_P(All, FormatTest,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Formats, AreInIdOrderAndUnknownOnesAreRefused) {
  std::set<uint32_t> ids;
  uint32_t last = 0;
  for (const WeightFormat& format : weight_formats()) {
    EXPECT_GE(static_cast<uint32_t>(format.type), last);
    last = static_cast<uint32_t>(format.type);
    EXPECT_TRUE(ids.insert(last).second) << format.name;
  }
  EXPECT_EQ(find_weight_format(4U), nullptr);  // Q4_2, removed upstream
  EXPECT_EQ(find_weight_format(999U), nullptr);
  EXPECT_EQ(find_weight_format("Q4_9"), nullptr);
  EXPECT_EQ(find_weight_format("Q4_"), nullptr);
}

}  // namespace
}  // namespace crossval
