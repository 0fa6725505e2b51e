#include "base/shown_text.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(ShownText, QuotesWhatIsReadable) {
  EXPECT_EQ(shown_text("llama3"), "\"llama3\"");
  EXPECT_EQ(shown_text(""), "\"\"");
  EXPECT_EQ(shown_text("größe"), "\"größe\"");
}

TEST(ShownText, EscapesWhatWouldReachTheTerminal) {
  EXPECT_EQ(shown_text("a\x1b[31m\n\x7f"), R"("a\x1b[31m\x0a\x7f")");
  EXPECT_EQ(shown_text("\xff\"\\"), R"("\xff\"\\")");
  EXPECT_EQ(shown_text(std::string_view("\0", 1)), R"("\x00")");
}

TEST(ShownText, CutsBetweenCharacters) {
  EXPECT_EQ(shown_text(std::string(101, 'a')), '"' + std::string(100, 'a') + "…\"");
  EXPECT_EQ(shown_text(std::string(99, 'a') + "ß"), '"' + std::string(99, 'a') + "…\"");
}

}  // namespace
}  // namespace crossval
