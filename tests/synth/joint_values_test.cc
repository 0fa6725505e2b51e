// The fields of random blocks vary by themselves, each over all it can hold.
#include "support/joint_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/float16.h"
#include "synth/random_weights.h"
#include "synth/ternary_weights.h"

namespace crossval {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kValues = 256 * 20'000;

std::vector<std::byte> random_blocks(const WeightFormat& format) {
  Random random(7, "a tensor");
  constexpr float kSigma = 1.1F;  // binary16 scales of every format are mostly normal numbers
  if (format.type == WeightType::i2_s)
    return TernaryWeights(format, I2sLayout::x86, kSigma, {}).rows(random, 1, kValues / 8);
  const int64_t values = format.block_elements == 1 ? kValues / 8 : kValues;
  std::vector<std::byte> bytes(static_cast<size_t>(format.row_bytes(values)));
  RandomWeights(format, kSigma).fill(random, bytes);
  return bytes;
}

class EachFormat : public testing::TestWithParam<WeightFormat> {};

TEST_P(EachFormat, FieldsTakeAllJointValues) {
  EXPECT_THAT(JointValues(GetParam(), random_blocks(GetParam())).missing(), IsEmpty());
}

TEST_P(EachFormat, ScalesTakeManyExponents) {
  const std::vector<std::byte> blocks = random_blocks(GetParam());
  for (const BlockField& field : block_fields(GetParam().type)) {
    const bool half = field.kind == FieldKind::half || field.kind == FieldKind::half_min;
    if (!half && field.kind != FieldKind::e8m0 && field.kind != FieldKind::ue4m3) continue;
    std::set<uint32_t> exponents;
    for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(GetParam().block_bytes)) {
      const uint32_t value = field.get(reinterpret_cast<const uint8_t*>(blocks.data()) + at, 0);
      exponents.insert(half                             ? value >> 10 & 31
                       : field.kind == FieldKind::ue4m3 ? value >> 3
                                                        : value);
    }
    // In binary16 and UE4M3 the smallest of all too: subnormal numbers.
    EXPECT_GE(exponents.size(), field.kind == FieldKind::e8m0 ? 20U : 2U) << field.name;
    EXPECT_EQ(exponents.contains(0), field.kind != FieldKind::e8m0) << field.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EachFormat,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(JointValues, ScaleMinimumAndCodeOfKQuants) {
  for (const char* name : {"Q2_K", "Q4_K", "Q5_K"}) {
    const WeightFormat& format = *find_weight_format(name);
    const JointValues joint(format, random_blocks(format));
    const size_t scales = format.type == WeightType::q2_k ? 16 : 64;
    const size_t codes = format.type == WeightType::q2_k   ? 4
                         : format.type == WeightType::q4_k ? 16
                                                           : 32;
    EXPECT_EQ(joint.pairs("min", "scale"), scales * scales) << name;
    EXPECT_GT(joint.triples("code", "scale", "min"), scales * scales * codes * 9 / 10) << name;
  }
}

// ---- Blocks that depend on themselves are told.

std::vector<std::string> missing_when(const char* name,
                                      const std::function<void(uint8_t* block)>& change) {
  const WeightFormat& format = *find_weight_format(name);
  std::vector<std::byte> blocks = random_blocks(format);
  for (size_t at = 0; at < blocks.size(); at += static_cast<size_t>(format.block_bytes))
    change(reinterpret_cast<uint8_t*>(blocks.data()) + at);
  return JointValues(format, blocks).missing();
}

const BlockField& field_of(const char* format, std::string_view name) {
  const auto fields = block_fields(find_weight_format(format)->type);
  return *std::ranges::find(fields, name, &BlockField::name);
}

TEST(JointValues, AMinimumThatEqualsItsScaleIsTold) {
  const auto said = missing_when("Q4_K", [](uint8_t* block) {
    for (int g = 0; g < 8; ++g)
      field_of("Q4_K", "min").set(block, g, field_of("Q4_K", "scale").get(block, g));
  });
  EXPECT_THAT(said, Contains("min with scale: 64 of 4096"));
}

TEST(JointValues, AConstantQuotientIsTold) {
  const auto said = missing_when("Q4_1", [](uint8_t* block) {
    const auto d = static_cast<uint16_t>(field_of("Q4_1", "d").get(block, 0));
    field_of("Q4_1", "m").set(block, 0, f32_to_f16(-7.5F * f16_to_f32(d)));
  });
  EXPECT_THAT(said,
              Contains(HasSubstr("m's highest mantissa bits with d's highest mantissa bits")));
}

TEST(JointValues, EqualNeighboursAreTold) {
  const auto said = missing_when("NVFP4", [](uint8_t* block) {
    for (int e = 1; e < 4; ++e)
      field_of("NVFP4", "scale").set(block, e, field_of("NVFP4", "scale").get(block, 0));
  });
  EXPECT_THAT(said, Contains(HasSubstr("with its neighbour")));
}

TEST(JointValues, AStuckBitIsTold) {
  const auto said = missing_when("IQ1_M", [](uint8_t* block) {
    field_of("IQ1_M", "index").set(block, 5, field_of("IQ1_M", "index").get(block, 5) | 1);
  });
  EXPECT_THAT(said, Contains(HasSubstr("index's lowest bits at each place: 504 of 512")));
}

}  // namespace
}  // namespace crossval
