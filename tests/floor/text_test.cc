#include "floor/text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/utf8.h"

namespace crossval {
namespace {

TEST(FloorText, IsSeveralHundredPositionsOfText) {
  size_t bytes = 0;
  for (const std::string_view text : floor_texts()) {
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_FALSE(text.empty());
    bytes += text.size();
  }
  EXPECT_GT(bytes, 2000U);  // at four to five bytes a token
  EXPECT_EQ(floor_text_sha256().size(), 64U);
}

}  // namespace
}  // namespace crossval
