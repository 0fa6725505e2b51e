// Against a map of the standard library: pieces and merges in any order, while the table grows.
#include "tokenizer/spelling/merge_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

namespace crossval {
namespace {

std::string any_text(std::mt19937& random) {
  std::string text(random() % 4, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(MergeTable, PiecesKeepTheirIdsWhileItGrows) {
  for (const size_t room : {size_t{0}, size_t{300}, size_t{40000}}) {
    std::mt19937 random(1);
    MergeTable table;
    EXPECT_EQ(table.find("any"), -1);
    if (room > 0) table.reserve(room);
    std::map<std::string, PieceId> known;
    for (int i = 0; i < 50000; ++i) {
      const std::string text = any_text(random);
      const auto next = static_cast<PieceId>(known.size());
      ASSERT_EQ(table.intern(text), known.emplace(text, next).first->second);
      const std::string other = any_text(random);
      const auto at = known.find(other);
      ASSERT_EQ(table.find(other), at == known.end() ? -1 : at->second);
    }
    EXPECT_EQ(table.pieces(), known.size());
    EXPECT_GT(known.size(), size_t{20000});
    for (const auto& [text, id] : known) ASSERT_EQ(table.find(text), id);
  }
}

TEST(MergeTable, TheFirstMergeOfAPairCounts) {
  std::mt19937 random(2);
  MergeTable table;
  std::map<std::pair<PieceId, PieceId>, int32_t> known;
  for (int32_t rank = 0; rank < 5000; ++rank) {
    const auto left = static_cast<PieceId>(random() % 100);
    const auto right = static_cast<PieceId>(random() % 100);
    table.add(left, right, rank, left + right);
    known.emplace(std::pair(left, right), rank);
  }
  table.finish();
  for (PieceId left = -1; left < 101; ++left) {
    for (PieceId right = -1; right < 101; ++right) {
      const Merge* found = table.find(left, right);
      const auto at = known.find({left, right});
      ASSERT_EQ(found != nullptr, at != known.end());
      if (found == nullptr) continue;
      ASSERT_EQ(found->rank, at->second);
      ASSERT_EQ(found->result, left + right);
    }
  }
}

}  // namespace
}  // namespace crossval
