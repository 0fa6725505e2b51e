#include "engine/context.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

EngineSettings settings(int32_t n_ctx, int32_t learned) {
  EngineSettings settings;
  settings.n_ctx = n_ctx;
  settings.n_ctx_learned = learned;
  return settings;
}

TEST(Context, IsRaisedWhereTheModelHasMorePositions) {
  for (const auto& [n_ctx, learned] : {std::pair{256, 0}, std::pair{63, 64}}) {
    EXPECT_FALSE(holds_all_learned(settings(n_ctx, learned)));
    EXPECT_EQ(context_advice(settings(n_ctx, learned)), "Raise -c or shorten the prompt");
  }
}

TEST(Context, IsNotRaisedWhereAllLearnedPositionsFit) {
  EXPECT_TRUE(holds_all_learned(settings(64, 64)));
  EXPECT_EQ(context_advice(settings(64, 64)),
            "The model has learned no more positions: shorten the prompt");
}

}  // namespace
}  // namespace crossval
