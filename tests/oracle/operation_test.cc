// Each operation against a hand calculation.
#include "oracle/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "base/float16.h"
#include "oracle/rotation.h"
#include "quant/format.h"

namespace crossval {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

class Operation : public testing::Test {
 protected:
  /// `values`: rows of one position after the other.
  std::vector<double> run(const Action& action, const std::vector<std::vector<double>>& inputs,
                          int64_t width, OracleInputs in = {}, const Rounding& rounding = {}) {
    if (in.positions == 0) in.positions = 1;
    for (const auto& input : inputs)
      in.values.push_back({input.data(), std::ssize(input) / in.positions});
    std::vector<double> out(static_cast<size_t>(in.positions * width), -1);
    compute(action, in, width, rounding, pool_, out.data(), &chosen_);
    return out;
  }

  ThreadPool pool_{2};
  std::vector<int32_t> chosen_;
};

auto near(double x) { return DoubleNear(x, 1e-12); }

Vector vector_of(const std::vector<float>& values) { return {values.data(), std::ssize(values)}; }

TEST_F(Operation, NormsOfEachGroupAlone) {
  // (3, 4): root mean square sqrt(12.5). (1, 3): mean 2, variance 1.
  EXPECT_THAT(run(Normalise{NormKind::rms, 0.0F, 2}, {{3, 4, 5, 0}}, 4),
              ElementsAre(near(3 / std::sqrt(12.5)), near(4 / std::sqrt(12.5)),
                          near(5 / std::sqrt(12.5)), near(0)));
  EXPECT_THAT(run(Normalise{NormKind::layer, 3.0F, 2}, {{1, 3}}, 2),
              ElementsAre(near(-0.5), near(0.5)));
}

TEST_F(Operation, WeightsBiasesAndScalesRepeat) {
  const std::vector<float> by{2, 4};
  EXPECT_THAT(run(Weigh{vector_of(by)}, {{1, 2, 3, 4}}, 4), ElementsAre(2, 8, 6, 16));
  EXPECT_THAT(run(AddBias{vector_of(by)}, {{1, 2, 3, 4}}, 4), ElementsAre(3, 6, 5, 8));
  EXPECT_THAT(run(Divide{vector_of(by)}, {{1, 2, 3, 4}}, 4), ElementsAre(0.5, 0.5, 1.5, 1));
  EXPECT_THAT(run(Scale{0.5F}, {{1, 2}}, 2), ElementsAre(0.5, 1));
  EXPECT_THAT(run(Clamp{1.5F}, {{-3, 1, 2}}, 3), ElementsAre(-1.5, 1, 1.5));
  EXPECT_THAT(run(SoftCap{2.0F}, {{2}}, 1), ElementsAre(near(2 * std::tanh(1.0))));
  EXPECT_THAT(run(Add{}, {{1, 2}, {10, 20}}, 2), ElementsAre(11, 22));
  EXPECT_THAT(run(Columns{1}, {{1, 2, 3, 4, 5, 6}}, 2, {.positions = 2}), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(run(Roll{1}, {{1, 2, 3}}, 3), ElementsAre(2, 3, 1));
  EXPECT_TRUE(std::isnan(run(Poison{}, {{1, 2}}, 2)[0]));
}

// Pair 1 of 2 turns by position · base^(-2·1/4) = 3 · 100^-0.5 = 0.3.
TEST_F(Operation, RotatesAdjacentPairsAndHalves) {
  Rotate rotate{.rope = {.n_rot = 4, .base = 100.0F}, .head_dim = 4};
  EXPECT_THAT(run(rotate, {{0, 0, 2, 1}}, 4, {.first = 3}),
              ElementsAre(0, 0, near(2 * std::cos(0.3) - std::sin(0.3)),
                          near(2 * std::sin(0.3) + std::cos(0.3))));
  rotate.rope.pairs = RopePairs::halves;
  EXPECT_THAT(run(rotate, {{0, 2, 0, 1}}, 4, {.first = 3}),
              ElementsAre(0, near(2 * std::cos(0.3) - std::sin(0.3)), 0,
                          near(2 * std::sin(0.3) + std::cos(0.3))));
}

TEST_F(Operation, RotationsKnowScaleFactorsAndPairsThatStandStill) {
  const std::vector<float> factors{1, 3};
  Rotate rotate{.rope = {.n_rot = 4, .base = 100.0F, .scale = 0.5F}, .factors = vector_of(factors)};
  EXPECT_THAT(pair_angles(rotate, 3)[0].angle, near(1.5));
  EXPECT_THAT(pair_angles(rotate, 3)[1].angle, near(0.05));
  rotate.rope.still = {false, true};
  EXPECT_EQ(pair_angles(rotate, 3)[1].angle, 0);
}

// YaRN with a context four times as long: fast pairs keep their angle, slow ones turn a quarter of
// it, and all are longer by 1 + 0.1 ln 4.
TEST_F(Operation, YarnKeepsFastPairsAndInterpolatesSlowOnes) {
  const Rotate rotate{
      .rope = {
          .n_rot = 64, .base = 10000.0F, .scale = 0.25F, .n_ctx_orig = 2048, .ext_factor = 1.0F}};
  const auto angles = pair_angles(rotate, 8);
  EXPECT_THAT(angles.front().angle, near(8));
  EXPECT_THAT(angles.back().angle, near(2 * std::pow(10000.0, -62.0 / 64)));
  EXPECT_THAT(angles.front().magnitude, near(1 + 0.1 * std::log(4.0)));
}

// Two positions, one head of two values: position 0 sees itself, position 1 both, its scores being
// 2 · 0.5 · (1, 0) and so its weights e/(e+1) and 1/(e+1).
TEST_F(Operation, AttendsToWhatItSees) {
  const std::vector<double> keys{1, 0, 0, 1};
  const std::vector<double> values{10, 20, 30, 40};
  Attend how{.n_head = 1, .n_head_kv = 1, .head_dim_k = 2, .head_dim_v = 2, .scale = 0.5F};
  how.kv_head = {0};
  const OracleInputs in{
      .positions = 2, .keys = {keys.data(), 2}, .values_of_keys = {values.data(), 2}};
  const double w = std::numbers::e / (std::numbers::e + 1);
  EXPECT_THAT(run(how, {{7, 7, 2, 0}}, 2, in),
              ElementsAre(10, 20, near(w * 10 + (1 - w) * 30), near(w * 20 + (1 - w) * 40)));
  // A sink with the first key's score takes as much as that key.
  const std::vector<float> sink{1};
  how.sinks = vector_of(sink);
  const double with_sink = 2 * std::numbers::e + 1;
  EXPECT_THAT(run(how, {{7, 7, 2, 0}}, 2, in)[2], near((std::numbers::e * 10 + 30) / with_sink));
  how.sinks = {};
  how.window = 1;
  how.window_kind = WindowKind::sliding;
  EXPECT_THAT(run(how, {{7, 7, 2, 0}}, 2, in), ElementsAre(10, 20, 30, 40));
}

TEST_F(Operation, AlibiTakesFromFarKeys) {
  const std::vector<double> keys{0, 0};
  const std::vector<double> values{1, 0};
  Attend how{.n_head = 1, .n_head_kv = 1, .head_dim_k = 1, .head_dim_v = 1, .alibi_bias = 1.0F};
  how.kv_head = {0};
  // One head: slope 2^-1, so the key one position away weighs e^-0.5.
  const double far = std::exp(-0.5);
  EXPECT_THAT(run(how, {{5, 5}}, 1,
                  {.positions = 2, .keys = {keys.data(), 1}, .values_of_keys = {values.data(), 1}}),
              ElementsAre(1, near(far / (1 + far))));
}

TEST_F(Operation, AttentionRoundsToHalfWhereAsked) {
  const double key = 1 + 1.0 / 4096;  // halfway between two halves: to the even one, 1
  const std::vector<double> keys{key};
  const std::vector<double> values{key};
  Attend how{.n_head = 1, .n_head_kv = 1, .head_dim_k = 1, .head_dim_v = 1};
  how.kv_head = {0};
  const OracleInputs in{.keys = {keys.data(), 1}, .values_of_keys = {values.data(), 1}};
  EXPECT_THAT(run(how, {{1}}, 1, in), ElementsAre(key));
  EXPECT_THAT(run(how, {{1}}, 1, in, {.attention = AttentionRounding::cache_f16}), ElementsAre(1));
}

TEST_F(Operation, ActivatesGates) {
  const double silu = 2 / (1 + std::exp(-2.0));
  EXPECT_THAT(run(Activate{Activation::silu}, {{2}, {3}}, 1), ElementsAre(near(3 * silu)));
  EXPECT_THAT(run(Activate{Activation::silu, 1, 0}, {{3, 2}, {3, 2}}, 1),
              ElementsAre(near(3 * silu)));
  EXPECT_THAT(run(Activate{Activation::relu_squared}, {{-2, 3}}, 2), ElementsAre(0, 9));
  const double gelu = 0.5 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * 1.044715));
  EXPECT_THAT(run(Activate{Activation::gelu}, {{1}}, 1), ElementsAre(near(gelu)));
  EXPECT_EQ(run(Activate{Activation::gelu}, {{1}}, 1, {}, kDeclared)[0],
            f16_to_f32(f32_to_f16(static_cast<float>(gelu))));
  const double quick = 1 / (1 + std::exp(-1.702));
  EXPECT_EQ(run(Activate{Activation::gelu_quick}, {{1}}, 1, {}, kDeclared)[0],
            f16_to_f32(f32_to_f16(static_cast<float>(quick))));
  EXPECT_THAT(run(GateBy{GateKind::sigmoid}, {{4, 6}, {0}}, 2), ElementsAre(2, 3));
  EXPECT_THAT(run(GateBy{GateKind::softplus}, {{1}, {0}}, 1), ElementsAre(near(std::log(2.0))));
}

Matrix matrix_of(const std::vector<float>& values, int64_t rows) {
  return {&weight_format(WeightType::f32), reinterpret_cast<const std::byte*>(values.data()), rows,
          std::ssize(values) / rows};
}

TEST_F(Operation, MultipliesMatrices) {
  const std::vector<float> w{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  EXPECT_THAT(run(MatMul{matrix_of(w, 5)}, {{1, 1, 1, 1, 0, 0}}, 5, {.positions = 2}),
              ElementsAre(6, 15, 24, 33, 42, 1, 4, 7, 10, 13));
}

// Q4_1: one block with d = 1, m = 0.5 and codes 0 … 15 twice; activations of 1/3 become code 127
// times d = f16(1/381), their sum f16(32 · 127 / 381).
TEST_F(Operation, DeclaredProductsUseTheFormatsCodesAndSums) {
  std::vector<std::byte> block(20);
  const auto put = [&](size_t at, float value) {
    const uint16_t half = f32_to_f16(value);
    std::memcpy(block.data() + at, &half, 2);
  };
  put(0, 1.0F);
  put(2, 0.5F);
  for (size_t i = 0; i < 16; ++i) block[4 + i] = static_cast<std::byte>(i * 17);
  const Matrix matrix{&weight_format(WeightType::q4_1), block.data(), 1, 32};
  const std::vector<double> x(32, 1.0F / 3.0F);
  const float d = 1.0F / 3.0F / 127.0F;
  const double half_d = f16_to_f32(f32_to_f16(d));
  const double half_sum = f16_to_f32(f32_to_f16(d * 32 * 127));
  EXPECT_THAT(run(MatMul{matrix}, {x}, 1)[0], near((2 * 120 + 16) * double{1.0F / 3.0F}));
  EXPECT_THAT(run(MatMul{matrix}, {x}, 1, {}, kDeclared)[0],
              near(2 * 120 * 127 * half_d + 0.5 * half_sum));
}

TEST_F(Operation, RoutesToExperts) {
  EXPECT_THAT(run(RouteProbabilities{Gating::softmax}, {{0, std::log(3.0)}}, 2),
              ElementsAre(near(0.25), near(0.75)));
  EXPECT_THAT(run(RouteProbabilities{Gating::sigmoid}, {{0}}, 1), ElementsAre(0.5));
  EXPECT_THAT(run(ChooseExperts{2}, {{0.1, 0.4, 0.2, 0.3}}, 2), ElementsAre(0.4, 0.3));
  EXPECT_THAT(chosen_, ElementsAre(1, 3));
  const std::vector<float> bias{1, 0, 0, 0};
  EXPECT_THAT(run(ChooseExperts{2, vector_of(bias)}, {{0.1, 0.4, 0.2, 0.3}}, 2),
              ElementsAre(0.1, 0.4));
  EXPECT_THAT(run(WeighChosen{false, true, 2.0F}, {{0.1, 0.3}}, 2),
              ElementsAre(near(0.5), near(1.5)));
}

TEST_F(Operation, SumsWhatTheChosenExpertsMake) {
  // Three experts of one row each over two inputs.
  const std::vector<float> w{1, 0, 0, 1, 1, 1};
  ExpertLinear experts;
  experts.matrix = {&weight_format(WeightType::f32), reinterpret_cast<const std::byte*>(w.data()),
                    1, 2};
  const std::vector<int32_t> chosen{2, 0};
  const OracleInputs in{.positions = 1, .chosen = chosen};
  EXPECT_THAT(run(ExpertMatMul{experts}, {{3, 5}, {0, 0}}, 2, in), ElementsAre(8, 3));
  const std::vector<float> by{10, 20, 30};
  EXPECT_THAT(run(ExpertScale{vector_of(by)}, {{8, 3}, {0, 0}}, 2, in), ElementsAre(240, 30));
  EXPECT_THAT(run(ExpertBias{vector_of(by)}, {{8, 3}, {0, 0}}, 2, in), ElementsAre(38, 13));
  EXPECT_THAT(run(WeighExperts{}, {{8, 3}, {0.5, 2}}, 2), ElementsAre(4, 6));
  EXPECT_THAT(run(SumExperts{2}, {{4, 6}}, 1), ElementsAre(10));
}

TEST_F(Operation, TempersQueriesByTheirPosition) {
  EXPECT_THAT(run(Temper{0.5F, 4}, {{2, 2}}, 1, {.first = 3, .positions = 2}),
              ElementsAre(2, near(2 * (1 + 0.5 * std::log(2.0)))));
}

}  // namespace
}  // namespace crossval
