#include "session/text_stream.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

using Texts = std::vector<std::string>;

// What each push gave, then what finish did.
Texts given(TextStream stream, const Texts& pieces) {
  Texts texts;
  for (const std::string& piece : pieces) texts.push_back(stream.push(piece));
  texts.push_back(stream.finish());
  return texts;
}

TEST(TextStream, NothingIsHeldBackWithoutReason) {
  EXPECT_EQ(given(TextStream({}), {"Hello", "", " wörld"}), (Texts{"Hello", "", " wörld", ""}));
}

TEST(TextStream, CharactersAreWhole) {
  EXPECT_EQ(given(TextStream({}), {"a\xF0", "\x9F\x98", "\x80z"}),
            (Texts{"a", "", "\xF0\x9F\x98\x80z", ""}));
  // Bytes that no character begins with go through; those that the end cuts come at the end.
  EXPECT_EQ(given(TextStream({}), {"\xFF\x80", "x\xE2\x82"}), (Texts{"\xFF\x80", "x", "\xE2\x82"}));
  EXPECT_EQ(given(TextStream({}), {"\xE2\x82", "x"}), (Texts{"", "\xE2\x82x", ""}));
}

TEST(TextStream, AStopTextInOnePiece) {
  TextStream stream({"END"});
  EXPECT_EQ(stream.push("one END two"), "one ");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.push("more"), "");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, AStopTextAcrossPieces) {
  TextStream stream({"\n\nQ:"});
  EXPECT_EQ(stream.push("yes\n"), "yes");
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ(stream.push("\n"), "");
  EXPECT_EQ(stream.push("Q"), "");
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ(stream.push(": next"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, WhatOnlyBeganIsGivenLater) {
  EXPECT_EQ(given(TextStream({"abc"}), {"xab", "abd", "ab"}), (Texts{"x", "ababd", "", "ab"}));
  // The text repeats the stop text's own beginning.
  EXPECT_EQ(given(TextStream({"aab"}), {"aa", "a", "ab", "z"}), (Texts{"", "a", "a", "", ""}));
}

TEST(TextStream, TheFirstOfSeveralStopTextsCounts) {
  EXPECT_EQ(given(TextStream({"d", "bc"}), {"abcd"}), (Texts{"a", ""}));
  EXPECT_EQ(given(TextStream({"bcd", "c"}), {"abc"}), (Texts{"ab", ""}));
  EXPECT_EQ(given(TextStream({"xyz", "y!"}), {"axy", "!"}), (Texts{"a", "x", ""}));
}

TEST(TextStream, AStopTextMayCutACharacter) {
  EXPECT_EQ(given(TextStream({"\x9F"}), {"a\xF0", "\x9F"}), (Texts{"a", "\xF0", ""}));
}

}  // namespace
}  // namespace crossval
