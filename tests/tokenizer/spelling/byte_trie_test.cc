#include "tokenizer/spelling/byte_trie.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(ByteTrie, FindsTheLongestKey) {
  const ByteTrie trie({{"ab", 1}, {"abcd", 2}, {"b", 3}, {"ab", 4}, {"", 5}});
  EXPECT_EQ(trie.longest("abcx").value, 4);  // the later of two equal keys
  EXPECT_EQ(trie.longest("abcx").size, 2U);
  EXPECT_EQ(trie.longest("abcde").value, 2);
  EXPECT_EQ(trie.longest("abcde").size, 4U);
  EXPECT_EQ(trie.longest("a").value, ByteTrie::kNone);
  EXPECT_EQ(trie.longest("").size, 0U);
}

TEST(ByteTrie, FollowsPathsThatEndInNoKey) {
  const ByteTrie trie({{"abcd", 2}});
  EXPECT_EQ(trie.longest_path("abx"), 2U);
  EXPECT_EQ(trie.longest_path("abcde"), 4U);
  EXPECT_EQ(trie.longest_path("x"), 0U);
  EXPECT_EQ(ByteTrie().longest_path("x"), 0U);
}

TEST(ByteTrie, KeysMayHoldAnyByte) {
  using namespace std::string_view_literals;
  const ByteTrie trie({{"\xFF\0\x80"sv, 7}, {"\x01"sv, 8}});
  EXPECT_EQ(trie.longest("\xFF\0\x80z"sv).value, 7);
  EXPECT_EQ(trie.longest("\x01"sv).value, 8);
}

}  // namespace
}  // namespace crossval
