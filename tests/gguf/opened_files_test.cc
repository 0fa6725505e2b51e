#include "gguf/opened_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/temp_folder.h"
#include "gguf/writer.h"

namespace crossval {
namespace {

class OpenedFilesTest : public ::testing::Test {
 protected:
  void write() const {
    GgufWriter writer(path_);
    writer.add_string("general.architecture", "llama");
    ASSERT_TRUE(writer.start() && writer.finish());
  }

  Result<TempFolder> folder_ = TempFolder::make();
  const std::string path_ = folder_->path() + "/a.gguf";
};

TEST_F(OpenedFilesTest, EachIsOpenedOnce) {
  write();
  OpenedFiles files;
  const auto first = files.open(path_);
  ASSERT_TRUE(first.has_value());
  std::filesystem::remove(path_);
  OpenedFiles copy = files;
  const auto again = copy.open(path_);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(first->keys().data(), again->keys().data());
  EXPECT_FALSE(OpenedFiles().open(path_).has_value());
}

TEST_F(OpenedFilesTest, WhatACopyOpensAllHave) {
  write();
  OpenedFiles files;
  OpenedFiles copy = files;
  const auto first = copy.open(path_);
  const auto again = files.open(path_);
  ASSERT_TRUE(first.has_value() && again.has_value());
  EXPECT_EQ(first->keys().data(), again->keys().data());
}

TEST_F(OpenedFilesTest, WhatFailedIsTriedAgain) {
  OpenedFiles files;
  EXPECT_FALSE(files.open(path_).has_value());
  write();
  EXPECT_TRUE(files.open(path_).has_value());
}

TEST_F(OpenedFilesTest, AFileOutlivesThem) {
  write();
  const auto file = OpenedFiles().open(path_);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->get_string("general.architecture"), "llama");
}

}  // namespace
}  // namespace crossval
