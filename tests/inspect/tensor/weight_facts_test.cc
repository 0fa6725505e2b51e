#include "inspect/tensor/weight_facts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "gguf/writer.h"

namespace crossval {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// A file with one F32 tensor "t" of 4 columns.
class File {
 public:
  File(const std::string& name, int64_t height, const std::vector<float>& values)
      : path(testing::TempDir() + "weight-facts-" + name + ".gguf") {
    const int64_t ne[] = {4, height, static_cast<int64_t>(values.size()) / 4 / height};
    GgufWriter writer(path);
    writer.add_tensor("t", 0, ne, values.size() * sizeof(float));
    EXPECT_TRUE(writer.start());
    EXPECT_TRUE(writer.write(std::as_bytes(std::span(values))));
    EXPECT_TRUE(writer.finish());
  }
  ~File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  WeightLook look(const WeightUse& use) const { return look_at_weight(open(), "t", use); }
  GgufFile open() const { return *GgufFile::open(path); }

  const std::string path;
};

std::vector<float> ones_but(size_t bad) {
  std::vector<float> values(4UL * 6, 1.0F);
  values[bad] = kNaN;
  return values;
}

TEST(WeightFacts, AProductsValueIsMadeOfOneRow) {
  const File file("row", 6, ones_but(4 * 3 + 2));
  const WeightLook look = file.look({.op = "MUL_MAT", .element = 3, .experts = {}});
  ASSERT_TRUE(look.bad.has_value());
  EXPECT_EQ(look.bad->row, 3);
  EXPECT_EQ(look.bad->column, 2);
  EXPECT_EQ(look.bad->expert, -1);
  EXPECT_TRUE(std::isnan(look.bad->value));
  const WeightLook other = file.look({.op = "MUL_MAT", .element = 4, .experts = {}});
  EXPECT_TRUE(other.read);
  EXPECT_FALSE(other.bad.has_value());
}

TEST(WeightFacts, RowsOfATableAreThoseOfTheToken) {
  const File file("token", 6, ones_but(4 * 5));
  EXPECT_TRUE(file.look({.op = "GET_ROWS", .token = 5, .experts = {}}).bad.has_value());
  EXPECT_FALSE(file.look({.op = "GET_ROWS", .token = 4, .experts = {}}).bad.has_value());
  EXPECT_FALSE(file.look({.op = "GET_ROWS", .token = 77, .experts = {}}).bad.has_value());
}

TEST(WeightFacts, AnExpertsRowIsThatOfTheSlot) {
  const File file("expert", 2, ones_but(4 * (2 * 2 + 1)));  // three experts of two rows
  const auto used = [&](std::vector<int64_t> experts) {
    return file.look({.op = "MUL_MAT_ID", .element = 3, .experts = std::move(experts)});
  };
  const WeightLook look = used({0, 2});  // slot 1, row 1
  ASSERT_TRUE(look.bad.has_value());
  EXPECT_EQ(look.bad->expert, 2);
  EXPECT_EQ(look.bad->row, 1);
  EXPECT_FALSE(used({2, 0}).bad.has_value());
  EXPECT_TRUE(used({}).bad.has_value());  // not known: any expert
}

TEST(WeightFacts, OtherOperationsReadAll) {
  EXPECT_TRUE(File("all", 6, ones_but(23)).look({.op = "MUL", .experts = {}}).bad.has_value());
}

TEST(WeightFacts, WhatCannotBeReadIsNotSaidToBeFinite) {
  const WeightUse use{.op = "MUL", .experts = {}};
  EXPECT_FALSE(look_at_weight(File("other", 6, ones_but(0)).open(), "u", use).read);
}

TEST(WeightFacts, TwoFilesHoldTheSameTensorOrNot) {
  const File a("a", 6, ones_but(3)), b("b", 6, ones_but(3)), c("c", 6, ones_but(4));
  const File turned("turned", 3, ones_but(3));
  EXPECT_EQ(same_tensor(a.open(), b.open(), "t"), true);
  EXPECT_EQ(same_tensor(a.open(), c.open(), "t"), false);
  EXPECT_EQ(same_tensor(a.open(), turned.open(), "t"), false);
  EXPECT_FALSE(same_tensor(a.open(), b.open(), "u").has_value());
}

}  // namespace
}  // namespace crossval
