#include "report/text/printable.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(Escaped, PrintableTextStaysAsItIs) { EXPECT_EQ(escaped("naïve 漢字 🙂"), "naïve 漢字 🙂"); }

TEST(Escaped, ControlsQuotesAndBackslashes) {
  EXPECT_EQ(escaped("a\n\t\r\x1b[2J\x7f"), "a\\n\\t\\r\\x1b[2J\\x7f");
  EXPECT_EQ(escaped(R"("\)"), R"(\"\\)");
  EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\x00");
}

TEST(Escaped, BytesThatAreNotUtf8) {
  EXPECT_EQ(escaped("caf\xe9!"), "caf\\xe9!");
  EXPECT_EQ(escaped("\xf0\x9f\x99"), "\\xf0\\x9f\\x99");
}

TEST(Escaped, InvisibleCharacters) {
  EXPECT_EQ(escaped("a\u200bb"), "a\\u{200b}b");    // zero-width space
  EXPECT_EQ(escaped("\u202eabc"), "\\u{202e}abc");  // right-to-left override
  EXPECT_EQ(escaped("\u00a0"), "\\u{a0}");          // no-break space
  EXPECT_EQ(escaped("\u0085"), "\\u{85}");          // a C1 control
}

TEST(Printable, LeavesWhatIsSafeAndQuotesAndBackslashes) {
  EXPECT_EQ(printable("naïve \"漢字\" C:\\x 🙂"), "naïve \"漢字\" C:\\x 🙂");
  EXPECT_EQ(printable(escaped("a\x1b\n\u202e")), escaped("a\x1b\n\u202e"));
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[2J\rb\n\x07\x7f"), "a\\x1b[2J\\rb\\n\\x07\\x7f");
  EXPECT_EQ(printable("\u009b31m \u202eabc \u2066x"), "\\u{9b}31m \\u{202e}abc \\u{2066}x");
  EXPECT_EQ(printable("caf\xe9"), "caf\\xe9");
}

TEST(DisplayWidth, WideAndCombining) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("漢字"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("🙂"), 2);
}

TEST(Fitted, NeverWiderThanAsked) {
  EXPECT_EQ(fitted("abcdef", 6), "abcdef");
  EXPECT_EQ(fitted("abcdefg", 6), "abcde…");
  EXPECT_EQ(fitted("漢字漢字", 6), "漢字…");
  EXPECT_EQ(fitted_end("/some/where/model.gguf", 12), "…/model.gguf");
  EXPECT_EQ(fitted_end("model.gguf", 12), "model.gguf");
}

}  // namespace
}  // namespace crossval
