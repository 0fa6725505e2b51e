#include "quant/block_fields.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/float16.h"

namespace crossval {
namespace {

class BlockFields : public testing::TestWithParam<WeightFormat> {
 protected:
  std::vector<uint8_t> random_block() {
    std::vector<uint8_t> block(static_cast<size_t>(GetParam().block_bytes));
    for (uint8_t& byte : block) byte = static_cast<uint8_t>(random_());
    for (const BlockField& field : block_fields(GetParam().type)) {
      if (field.kind != FieldKind::half && field.kind != FieldKind::half_min) continue;
      field.set(block.data(), 0, f32_to_f16(1.5F + static_cast<float>(random_() % 64) / 64.0F));
    }
    return block;
  }
  std::vector<float> decoded(const std::vector<uint8_t>& block) const {
    std::vector<float> values(static_cast<size_t>(GetParam().block_elements));
    GetParam().decode(reinterpret_cast<const std::byte*>(block.data()), values.data(),
                      GetParam().block_elements);
    return values;
  }
  std::mt19937 random_{1};
};

TEST_P(BlockFields, EveryBitBelongsToOne) {
  std::set<int> seen;
  for (const BlockField& field : block_fields(GetParam().type)) {
    for (int e = 0; e < field.count; ++e) {
      for (int bit = 0; bit < field.bits; ++bit) {
        EXPECT_TRUE(seen.insert(field.place(e, bit)).second)
            << field.name << " " << e << " " << bit;
      }
    }
  }
  EXPECT_EQ(seen.size(), 8U * static_cast<size_t>(GetParam().block_bytes));
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 8 * GetParam().block_bytes - 1);
}

TEST_P(BlockFields, WhatIsSetIsRead) {
  for (const BlockField& field : block_fields(GetParam().type)) {
    std::vector<uint8_t> block = random_block();
    std::vector<uint32_t> values;
    for (int e = 0; e < field.count; ++e) {
      values.push_back(static_cast<uint32_t>(random_() & ((uint64_t{1} << field.bits) - 1)));
      field.set(block.data(), e, values.back());
    }
    for (int e = 0; e < field.count; ++e)
      EXPECT_EQ(field.get(block.data(), e), values[static_cast<size_t>(e)])
          << field.name << " " << e;
  }
}

/// Whether a value of the block depends on an element of a field.
bool depends(WeightType type, int block_elements, const BlockField& field, int element, int value) {
  if (type == WeightType::tq1_0 && field.count > 1) {  // the values of a byte are strided
    const int first = field.count == 32 ? 0 : field.count == 16 ? 160 : 240;
    const int values = field.count == 32 ? 160 : field.count == 16 ? 80 : 16;
    return value >= first && value < first + values && (value - first) % field.count == element;
  }
  return value * field.count / block_elements == element;
}

TEST_P(BlockFields, EachChangesItsOwnValues) {
  const WeightFormat& format = GetParam();
  for (const BlockField& field : block_fields(format.type)) {
    for (int e = 0; e < field.count; ++e) {
      int changed = 0;
      for (int round = 0; round < 4; ++round) {
        const std::vector<uint8_t> block = random_block();
        const std::vector<float> before = decoded(block);
        for (int bit = 0; bit < field.bits; ++bit) {
          std::vector<uint8_t> other = block;
          field.set(other.data(), e, field.get(block.data(), e) ^ 1U << bit);
          const std::vector<float> after = decoded(other);
          for (int i = 0; i < format.block_elements; ++i) {
            const auto at = static_cast<size_t>(i);
            if (after[at] == before[at] || std::isnan(before[at])) continue;
            ++changed;
            ASSERT_TRUE(depends(format.type, format.block_elements, field, e, i))
                << field.name << " " << e << " bit " << bit << " changes value " << i;
          }
        }
      }
      EXPECT_EQ(changed > 0, field.kind != FieldKind::unused) << field.name << " " << e;
    }
  }
}

/// Of the formats whose blocks have several fields of one size, by the formulas at the head of
/// quant/blocks32.h and quant/k_quants.h.
TEST_P(BlockFields, FormulaGivesTheDecodersValues) {
  const WeightFormat& format = GetParam();
  const BlockField* code = nullptr;
  const BlockField* scale = nullptr;
  const BlockField* min = nullptr;
  const BlockField* half = nullptr;
  const BlockField* half_min = nullptr;
  for (const BlockField& field : block_fields(format.type)) {
    if (field.kind == FieldKind::code) code = &field;
    if (field.kind == FieldKind::scale) scale = &field;
    if (field.kind == FieldKind::min) min = &field;
    if (field.kind == FieldKind::half) half = &field;
    if (field.kind == FieldKind::half_min) half_min = &field;
  }
  if (half_min == nullptr) return;  // the others are told apart by what they change
  const std::vector<uint8_t> block = random_block();
  const std::vector<float> values = decoded(block);
  const auto at = [&](const BlockField& field, int value) {
    return static_cast<float>(field.get(block.data(), value * field.count / format.block_elements));
  };
  const auto float_of = [&](const BlockField& field) {
    return f16_to_f32(static_cast<uint16_t>(field.get(block.data(), 0)));
  };
  for (int i = 0; i < format.block_elements; ++i) {
    const float expected = min == nullptr ? at(*code, i) * float_of(*half) + float_of(*half_min)
                                          : float_of(*half) * at(*scale, i) * at(*code, i) -
                                                float_of(*half_min) * at(*min, i);
    EXPECT_EQ(values[static_cast<size_t>(i)], expected) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BlockFields,
                         testing::ValuesIn(weight_formats().begin(), weight_formats().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crossval
