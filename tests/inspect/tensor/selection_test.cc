#include "inspect/tensor/selection.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(NameMatches, ATextIsLookedForAnywhere) {
  EXPECT_TRUE(name_matches("blk.0.attn_q.weight", ""));
  EXPECT_TRUE(name_matches("blk.0.attn_q.weight", "attn_q"));
  EXPECT_FALSE(name_matches("blk.0.attn_q.weight", "attn_k"));
}

TEST(NameMatches, APatternMatchesTheWholeName) {
  EXPECT_TRUE(name_matches("blk.0.attn_q.weight", "blk.*.weight"));
  EXPECT_TRUE(name_matches("blk.0.attn_q.weight", "blk.?.attn_?.*"));
  EXPECT_TRUE(name_matches("aXbXc", "*X*c"));
  EXPECT_TRUE(name_matches("abab", "*ab"));
  EXPECT_TRUE(name_matches("abc", "abc*"));
  EXPECT_FALSE(name_matches("blk.10.attn_q.weight", "blk.?.attn_q.weight"));
  EXPECT_FALSE(name_matches("blk.0.attn_q.weight", "attn*"));
  EXPECT_FALSE(name_matches("ab", "a?b"));
}

TEST(SortTensors, ByEachKeyAndStable) {
  const auto tensor = [](const char* name, uint64_t bytes, int part, uint64_t offset) {
    InspectedTensor t;
    t.name = name;
    t.bytes = bytes;
    t.part = part;
    t.offset = offset;
    return t;
  };
  const std::vector<InspectedTensor> file = {tensor("c", 10, 1, 0), tensor("a", 20, 0, 64),
                                             tensor("b", 10, 0, 32)};
  const auto sorted = [&](TensorOrder order) {
    std::vector<InspectedTensor> tensors = file;
    sort_tensors(tensors, order);
    std::string names;
    for (const InspectedTensor& t : tensors) names += t.name;
    return names;
  };
  EXPECT_EQ(sorted(TensorOrder::file), "cab");
  EXPECT_EQ(sorted(TensorOrder::name), "abc");
  EXPECT_EQ(sorted(TensorOrder::size), "acb");
  EXPECT_EQ(sorted(TensorOrder::offset), "bac");
}

}  // namespace
}  // namespace crossval
