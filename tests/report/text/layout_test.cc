#include "report/text/layout.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(Layout, LabelledWrapsIntoAHangingIndent) {
  const Layout layout{.color = false, .width = 24};
  EXPECT_EQ(layout.labelled("cause", "one two three four"),
            "cause      one two three\n"
            "           four\n");
  EXPECT_EQ(layout.labelled("", "averyveryverylongword b"),
            "           averyveryverylongword\n"
            "           b\n");
}

TEST(Layout, ColourSurroundsTextAndCountsForNothing) {
  const Layout layout{.color = true, .width = 80};
  EXPECT_EQ(layout.tinted(Tint::bad, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(layout.tinted(Tint::none, "x"), "x");
  EXPECT_EQ(layout.labelled("a", "b"), "\x1b[2ma\x1b[0m          b\n");
}

TEST(Layout, WhateverItIsGivenIsSafeToPrint) {
  const Layout layout;
  EXPECT_EQ(layout.labelled("device", "cpu\nIDENTICAL\x1b[2J"),
            "device     cpu\\nIDENTICAL\\x1b[2J\n");
  EXPECT_EQ(layout.paragraph("a\u202eb\xff"), "a\\u{202e}b\\xff\n");
  Table table({{"name"}, {"x"}});
  table.add({{"a\x1b]0;t\x07"}, {"1"}});
  table.add_line("b\x1b", Tint::none);
  EXPECT_EQ(table.text(layout), "name           x\na\\x1b]0;t\\x07  1\nb\\x1b\n");
}

TEST(Table, AlignsByDisplayWidthWithoutTrailingBlanks) {
  Table table({{"n", true}, {"token", false, 6}, {"x", true}});
  table.add({{"7"}, {"漢字"}, {"1"}});
  table.add({{"10"}, {"abcdefgh"}, {"22"}});
  table.add({{"11"}, {"e\u0301"}});
  table.add_line("across everything", Tint::none);
  EXPECT_EQ(table.text(Layout{}),
            " n  token    x\n"
            " 7  漢字     1\n"
            "10  abcde…  22\n"
            "11  e\u0301\n"
            "across everything\n");
}

}  // namespace
}  // namespace crossval
