#include "explain/arithmetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

Action product_with(WeightType type) { return MatMul{.matrix = {.format = &weight_format(type)}}; }

TEST(ArithmeticFit, TakesWhatFitsMostOperations) {
  ArithmeticFit fit;
  for (const double units : {0.2, 0.3, 5000.0}) {  // one operation of three is wrong
    fit.add(WeightType::q4_1, ProductRounding::declared, 1e4 + units);
    fit.add(WeightType::q4_1, ProductRounding::none, units);
  }
  EXPECT_EQ(fit.best().rounding(product_with(WeightType::q4_1), 1).product, ProductRounding::none);
  ASSERT_EQ(fit.report().size(), 1);
  EXPECT_EQ(fit.report()[0].units, 0.3);
  EXPECT_THAT(fit.report()[0].as, testing::HasSubstr("floats"));
}

TEST(ArithmeticFit, BelievesWhatIsDeclaredWhereBothFit) {
  ArithmeticFit fit;
  fit.add(WeightType::f16, ProductRounding::declared, 0.03);
  fit.add(WeightType::f16, ProductRounding::none, 0.02);
  EXPECT_EQ(fit.best().rounding(product_with(WeightType::f16), 1).product,
            ProductRounding::declared);
}

// All operations of a kind are wrong, whatever the arithmetic: the least wrong one means nothing.
TEST(ArithmeticFit, BelievesWhatIsDeclaredWhereNothingFits) {
  ArithmeticFit fit;
  fit.add(WeightType::q8_0, ProductRounding::declared, 9000);
  fit.add(WeightType::q8_0, ProductRounding::bf16, 50);
  EXPECT_EQ(fit.best().rounding(product_with(WeightType::q8_0), 1).product,
            ProductRounding::declared);
}

TEST(ArithmeticFit, AttentionDependsOnTheChunk) {
  ArithmeticFit fit;
  fit.add(false, AttentionRounding::sums_f16, 1.0);
  fit.add(false, AttentionRounding::all_f16, 1500);
  fit.add(true, AttentionRounding::cache_f16, 0.5);
  fit.add(true, AttentionRounding::all_f16, 900);
  EXPECT_EQ(fit.best().rounding(product_with(WeightType::f32), 63).attention,
            AttentionRounding::sums_f16);
  EXPECT_EQ(fit.best().rounding(product_with(WeightType::f32), 64).attention,
            AttentionRounding::cache_f16);
}

}  // namespace
}  // namespace crossval
