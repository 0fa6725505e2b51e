#include "report/json/floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/comparisons.h"
#include "report/json/comparison.h"
#include "report/text/comparison.h"
#include "report/text/floor.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace crossval::testing;

const TextOptions kWide{.layout = {.color = false, .width = 400}};

Floor floor_of_two_settings() {
  FloorSetting batches;
  batches.name = "batches of 48 positions";
  batches.identical_rows = 500;
  FloorSetting kv;
  kv.name = "keys and values in f32";
  kv.engine = "llama.cpp:kv=f32";
  kv.argmax_flips = 12;
  kv.kl = {0.001, 0.02, 0.03};
  kv.centred_nmse = {1e-3, 2e-3, 4e-3};
  return {.model_description = "llama 135M",
          .engine = "llama.cpp",
          .positions = 500,
          .settings = {batches, kv},
          .lacking = {"another build: this one is given"},
          .pair = 1,
          .margin = std::log(1.05)};
}

// A run that is `by` times as far as the pair.
Comparison floor_comparison(PairedWord word, double by) {
  Comparison comparison = identical_comparison(6, 2);
  comparison.requirement = Requirement::floor;
  comparison.positions[3] = differing_position(3, " far", 0.98, true);
  comparison.positions[3].floor = PositionFloor{0.02, 0.3, false, false};
  comparison.worst = 3;
  comparison.identical_rows = 7;
  comparison.verdict = Verdict::match;
  comparison.floor = FloorComparison{.floor = floor_of_two_settings(),
                                     .path = "floor.json",
                                     .kl_limit = 0.06,
                                     .nmse_limit = 0.008,
                                     .passing_factor = 0.5,
                                     .paired = PairedTest{.word = word,
                                                          .positions = 96,
                                                          .log_ratio = std::log(by),
                                                          .margin = std::log(1.05),
                                                          .error_rate = 0.01,
                                                          .passing_margin = std::log(1.17)}};
  return comparison;
}

TEST(FloorReport, AMatch) {
  const std::string text = text_report(floor_comparison(PairedWord::as_floor, 0.98), kWide);
  EXPECT_THAT(text, HasSubstr("floor      llama.cpp beside itself, 500 positions; a position may "
                              "have KL 6.00e-02 and NMSE 8.00e-03\n"));
  EXPECT_THAT(text, HasSubstr("paired     as the floor, known after 96 positions: 2.0 % smaller "
                              "than the healthy pair (keys and values in f32) at the same "
                              "positions, where 5.0 % larger is allowed\n"));
  EXPECT_THAT(text, HasSubstr("MATCH: 6 positions of the prompt and 2 decode steps pass within "
                              "the noise floor (7 rows bit-identical)."));
  EXPECT_THAT(text, Not(HasSubstr("uncalibrated")));
}

TEST(FloorReport, ADrift) {
  Comparison comparison = floor_comparison(PairedWord::not_enough, 1.01);
  comparison.verdict = Verdict::drift;
  comparison.floor->above = 1;
  const std::string text = text_report(comparison, kWide);
  EXPECT_THAT(text, HasSubstr("1 position farther than it has ever been"));
  EXPECT_THAT(text, HasSubstr("paired     96 positions are not enough to tell: 1.0 % larger"));
  EXPECT_THAT(text, HasSubstr("DRIFT: 6 positions of the prompt and 2 decode steps pass within "
                              "the noise floor's limits, 1 of them farther than it has ever "
                              "been."));
}

TEST(FloorReport, ADivergenceSaysWhatWouldHavePassed) {
  Comparison comparison = floor_comparison(PairedWord::larger, 1.2);
  comparison.verdict = Verdict::diverged;
  comparison.passing_cos_tol = 0.98;
  std::string text = text_report(comparison, kWide);
  EXPECT_THAT(text, HasSubstr("but as a whole the run is larger than the noise floor"));
  EXPECT_THAT(text, HasSubstr("tolerance  a margin of 17.0 % would have passed\n"));
  EXPECT_THAT(text, HasSubstr("next       --explain finds the operation that is off"));

  comparison.positions[3].passed = false;
  comparison.positions[3].metrics.kl = 0.24;
  comparison.first_divergence = 3;
  comparison.floor->passing_factor = 4;
  text = text_report(comparison, kWide);
  EXPECT_THAT(text, HasSubstr("KL 2.40e-01 above 6.00e-02; 1 of 8 positions fail."));
  EXPECT_THAT(text, HasSubstr("tolerance  limits 4 times as wide would have passed; as a whole, a "
                              "margin of 17.0 % would have passed\n"));

  comparison.positions[3].metrics.kl = 0.01;
  comparison.positions[3].metrics.candidate_argmax = 8;
  comparison.positions[3].floor->decisive_flip = true;
  comparison.argmax_flips = 1;
  comparison.floor->decisive_flips = 1;
  comparison.floor->passing_factor.reset();
  text = text_report(comparison, kWide);
  EXPECT_THAT(text, HasSubstr("another most likely token, though the reference's leads by 1.5 and "
                              "noise is 0.3;"));
  EXPECT_THAT(text, HasSubstr("flips      0 where the reference nearly ties, 1 decisive\n"));
  EXPECT_THAT(text, HasSubstr("none would have passed: a flip is decisive"));
}

TEST(FloorReport, AsJson) {
  const Json json = Json::parse(json_report(floor_comparison(PairedWord::as_floor, 0.98)));
  EXPECT_EQ(json["require"], "floor");
  EXPECT_EQ(json["floor"]["pair"], "keys and values in f32");
  EXPECT_EQ(json["floor"]["paired"]["word"], "as-the-floor");
  EXPECT_EQ(json["floor"]["paired"]["positions"], 96);
  EXPECT_EQ(json["positions"][3]["floor"]["noise"], 0.3);
  EXPECT_TRUE(json["positions"][0]["floor"].is_null());
}

TEST(FloorReport, OfACalibration) {
  const Floor floor = floor_of_two_settings();
  const std::string text = calibration_text(floor, "floor.json", {});
  EXPECT_THAT(text, HasSubstr("batches of 48 positions: bit for bit the same\n"));
  EXPECT_THAT(text, HasSubstr("keys and values in f32"));
  EXPECT_THAT(text, HasSubstr("1.00e-03  2.00e-02"));
  EXPECT_THAT(text, HasSubstr("not varied another build: this one is given\n"));
  EXPECT_THAT(text, HasSubstr("floor      floor.json\n"));
  const Json json = Json::parse(calibration_json(floor, "floor.json"));
  EXPECT_EQ(json["path"], "floor.json");
  EXPECT_EQ(json["floor"]["settings"][1]["kl"]["p99"], 0.02);
}

}  // namespace
}  // namespace crossval
