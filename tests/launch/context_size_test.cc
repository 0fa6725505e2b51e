#include "launch/context_size.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "gguf/writer.h"

namespace crossval {
namespace {

class ContextSize : public ::testing::Test {
 protected:
  // A model file of one table of embeddings, four values a row.
  std::string with_table(const std::string& name, int64_t rows) const {
    const std::string path = folder_->path() + "/" + name + "-" + std::to_string(rows) + ".gguf";
    GgufWriter writer(path);
    writer.add_string("general.architecture", "gpt2");
    const std::vector<std::byte> values(static_cast<size_t>(rows) * 4 * sizeof(float));
    writer.add_tensor(name + ".weight", 0, std::vector<int64_t>{4, rows}, values.size());
    EXPECT_TRUE(writer.start() && writer.write(values) && writer.finish());
    return path;
  }
  std::string learned(int64_t positions) const { return with_table("position_embd", positions); }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(ContextSize, TheDefaultIsCutToWhatEachModelHasLearned) {
  const std::string other = with_table("token_embd", 5);
  EXPECT_EQ(context_size({}, {other, other}, {}), 2048);
  EXPECT_EQ(context_size({}, {learned(2049)}, {}), 2048);
  EXPECT_EQ(context_size({}, {learned(64)}, {}), 64);
  EXPECT_EQ(context_size({}, {learned(64), learned(32)}, {}), 32);
  EXPECT_EQ(context_size({}, {learned(32), learned(64)}, {}), 32);
  EXPECT_EQ(context_size({}, {other, learned(64)}, {}), 64);
}

TEST_F(ContextSize, WhatIsAskedForIsTakenOrRefused) {
  EXPECT_EQ(context_size(4096, {with_table("token_embd", 5)}, {}), 4096);
  EXPECT_EQ(context_size(64, {learned(64)}, {}), 64);
  EXPECT_EQ(context_size(7, {learned(64)}, {}), 7);
  for (const auto& models : {std::vector{learned(64)}, std::vector{learned(128), learned(64)}}) {
    const auto refused = context_size(65, models, {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    EXPECT_EQ(refused.error().what,
              "-c 65 is more than the 64 positions that the model has learned");
    EXPECT_EQ(refused.error().where, learned(64) + ", tensor position_embd.weight");
    EXPECT_EQ(refused.error().hint, "Give -c 64 at most, or leave it out.");
  }
}

TEST_F(ContextSize, AFileThatCannotBeReadIsItsEnginesToRefuse) {
  EXPECT_EQ(context_size({}, {"/nonexistent/a.gguf"}, {}), 2048);
  EXPECT_EQ(context_size(4096, {"/nonexistent/a.gguf"}, {}), 4096);
}

}  // namespace
}  // namespace crossval
