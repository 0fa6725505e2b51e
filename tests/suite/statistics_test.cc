#include "suite/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

namespace crossval {
namespace {

PositionSample sample(double kl, bool same_top) { return {.kl = kl, .same_top = same_top}; }

PositionSample scored(double kl, double candidate, double reference) {
  return {.kl = kl,
          .same_top = true,
          .candidate_next = std::log(candidate),
          .reference_next = std::log(reference)};
}

// Prompts of 2 and 1 positions: mean 6/3 = 2, rests 3 − 2·2 = −1 and 3 − 2·1 = 1, error √(2/1 · (1
// + 1)) / 3 = 2/3.
TEST(PairStatistics, MeanAndErrorAreOverPrompts) {
  PairStatistics statistics;
  statistics.add(0, sample(1, true));
  statistics.add(0, sample(2, false));
  statistics.add(1, sample(3, true));
  const SuiteStatistics s = statistics.finish();
  EXPECT_EQ(s.prompts, 2);
  EXPECT_EQ(s.positions, 3);
  EXPECT_DOUBLE_EQ(s.kl.value, 2);
  EXPECT_DOUBLE_EQ(s.kl.error, 2.0 / 3);
  EXPECT_DOUBLE_EQ(s.same_top.value, 2.0 / 3);
}

// A prompt that is there twice makes nothing surer: positions of one prompt are not independent.
TEST(PairStatistics, APromptAloneHasNoError) {
  PairStatistics statistics;
  for (int i = 0; i < 100; ++i) statistics.add(0, sample(i, true));
  const SuiteStatistics s = statistics.finish();
  EXPECT_DOUBLE_EQ(s.kl.value, 49.5);
  EXPECT_TRUE(std::isnan(s.kl.error));
}

// p of the next token 1/4 and 1/2 beside 1/2 and 1/2: ln ratio of the perplexities (ln 4 + ln 2 − 2
// ln 2) / 2.
TEST(PairStatistics, PerplexitiesAndProbabilities) {
  PairStatistics statistics;
  statistics.add(0, scored(0, 0.25, 0.5));
  statistics.add(1, scored(0, 0.5, 0.5));
  statistics.add(1, sample(0, true));  // the last position of a prompt has no next token
  const SuiteStatistics s = statistics.finish();
  EXPECT_EQ(s.scored, 2);
  EXPECT_DOUBLE_EQ(std::exp(s.candidate_nll.value), std::sqrt(8.0));
  EXPECT_DOUBLE_EQ(std::exp(s.reference_nll.value), 2);
  EXPECT_DOUBLE_EQ(s.nll_difference.value, std::log(2.0) / 2);
  EXPECT_DOUBLE_EQ(s.delta_p.value, -0.125);
  EXPECT_DOUBLE_EQ(s.delta_p_rms, std::sqrt(0.0625 / 2));
}

// Of 4 positions beside a floor 1 ties and 2 are decisive: 2/4. A position without a floor's word
// is not one of them.
TEST(PairStatistics, FlipsAreTiesOrDecisive) {
  PairStatistics statistics;
  for (const auto& [prompt, same_top, decisive] :
       {std::tuple{0, false, true}, {0, false, false}, {1, true, false}, {1, false, true}}) {
    statistics.add(prompt, {.kl = 0, .same_top = same_top, .decisive_flip = decisive});
  }
  statistics.add(1, sample(0, false));
  const SuiteStatistics s = statistics.finish();
  ASSERT_TRUE(s.flips);
  EXPECT_EQ(s.flips->ties, 1);
  EXPECT_EQ(s.flips->decisive, 2);
  EXPECT_DOUBLE_EQ(s.decisive_share.value, 0.5);
}

TEST(PairStatistics, WithoutAFloorNoFlipIsKnown) {
  PairStatistics statistics;
  statistics.add(0, sample(1, false));
  EXPECT_FALSE(statistics.finish().flips);
}

// numpy.percentile([0 … 10], [50, 90, 99, 99.9]), linear.
TEST(PairStatistics, PercentilesAreInterpolated) {
  PairStatistics statistics;
  for (int i = 10; i >= 0; --i) statistics.add(i, sample(i, true));
  const SuiteStatistics s = statistics.finish();
  EXPECT_DOUBLE_EQ(s.kl_median, 5);
  EXPECT_DOUBLE_EQ(s.kl_p90, 9);
  EXPECT_DOUBLE_EQ(s.kl_p99, 9.9);
  EXPECT_DOUBLE_EQ(s.kl_p999, 9.99);
  EXPECT_DOUBLE_EQ(s.kl_max, 10);
}

TEST(PairStatistics, NothingHasNoFigures) {
  const SuiteStatistics s = PairStatistics().finish();
  EXPECT_EQ(s.positions, 0);
  EXPECT_TRUE(std::isnan(s.kl.value));
  EXPECT_TRUE(std::isnan(s.candidate_nll.value));
}

// The order in which shards are read changes no digit.
TEST(PairStatistics, OrderOfPromptsChangesNoBit) {
  PairStatistics up, down;
  for (int prompt = 0; prompt < 50; ++prompt) {
    for (int i = 0; i < 7; ++i)
      up.add(prompt, scored(std::sin(prompt + i) + 1, 0.1 + 0.01 * i, 0.13));
  }
  for (int prompt = 49; prompt >= 0; --prompt) {
    for (int i = 0; i < 7; ++i)
      down.add(prompt, scored(std::sin(prompt + i) + 1, 0.1 + 0.01 * i, 0.13));
  }
  const SuiteStatistics a = up.finish(), b = down.finish();
  EXPECT_EQ(a.kl.value, b.kl.value);
  EXPECT_EQ(a.kl.error, b.kl.error);
  EXPECT_EQ(a.nll_difference.value, b.nll_difference.value);
  EXPECT_EQ(a.delta_p_rms, b.delta_p_rms);
}

}  // namespace
}  // namespace crossval
