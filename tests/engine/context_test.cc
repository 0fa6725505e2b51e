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

TEST(Context, BeyondTheTrainedOneIsWarnedAboutUnlessRotationsAreScaled) {
  EngineSettings s;
  s.n_ctx_train = 100;
  s.rope = "base 10000 scale 1";
  EXPECT_FALSE(beyond_trained_context(s, 100));
  const auto warning = beyond_trained_context(s, 101);
  ASSERT_TRUE(warning);
  EXPECT_EQ(warning->name, "beyond-trained-context");
  EXPECT_NE(warning->message.find("101 positions are more than the 100"), std::string::npos);
  s.rope = "base 10000 scale 0.25";
  EXPECT_FALSE(beyond_trained_context(s, 101));
  s.rope = "base 10000 scale 1";
  s.context_class = "long";  // factors of its own
  EXPECT_FALSE(beyond_trained_context(s, 101));
  EXPECT_FALSE(beyond_trained_context({}, 101));  // neither is stated
}

}  // namespace
}  // namespace crossval
