#include "report/text/heat_strip.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace crossval {
namespace {

JudgedEngine engine_of(int32_t layers) {
  JudgedEngine engine;
  for (int32_t layer = 0; layer < layers; ++layer) {
    for (const char* name : {"Qcur-{} ROPE", "norm-{} RMS_NORM"}) {
      JudgedOperation operation;
      operation.tensor = fmt::format(fmt::runtime(name), layer);
      operation.layer = layer;
      operation.judged = true;
      operation.error.units = 1;
      engine.operations.push_back(operation);
    }
  }
  return engine;
}

// A column for each layer, and a line only for what is off somewhere.
TEST(HeatStrip, ShowsThePowerOfTenWhereItIsOff) {
  JudgedEngine engine = engine_of(12);
  engine.operations[2 * 3].error.units = 4.5e6;
  engine.operations[2 * 4].error.units = std::numeric_limits<double>::infinity();
  engine.operations[2 * 5].error.units = 4.5;
  engine.operations[2 * 6].judged = false;
  EXPECT_EQ(heat_strip(engine, 4, {}),
            "layer                     0         10\n"
            "Qcur ROPE                 ···690 ·····\n"
            "· within its bound, else the power of ten of the units\n\n");
}

// More layers than columns: each shows the worst of its own.
TEST(HeatStrip, LetsLayersShareColumns) {
  JudgedEngine engine = engine_of(100);
  engine.operations[2 * 99].error.units = 100;
  const std::string text = heat_strip(engine, 4, {.width = 80});
  EXPECT_NE(text.find("layer                     0         20        40        60        80\n"),
            std::string::npos)
      << text;
  std::string cells = "Qcur ROPE                 ";
  for (int i = 0; i < 49; ++i) cells += "·";
  EXPECT_NE(text.find(cells + "2\n"), std::string::npos) << text;
}

TEST(HeatStrip, IsEmptyWhereNothingIsOffOrOneLayerSaysItAll) {
  EXPECT_EQ(heat_strip(engine_of(12), 4, {}), "");
  JudgedEngine one = engine_of(1);
  one.operations[0].error.units = 5;
  EXPECT_EQ(heat_strip(one, 4, {}), "");
}

}  // namespace
}  // namespace crossval
