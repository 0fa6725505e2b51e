#include "base/partial_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/temp_folder.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

class PartialFileTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_->path() + "/" + name; }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write_all(const std::string& path, const std::string& text) {
    const auto file = PartialFile::create(path);
    ASSERT_TRUE(file) << file.error().message();
    ASSERT_TRUE((*file)->append(text));
    ASSERT_TRUE((*file)->close());
    ASSERT_TRUE((*file)->publish());
  }

 private:
  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(PartialFileTest, AppearsWhenItIsPublished) {
  const auto file = PartialFile::create(path("a"));
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->append("text"));
  ASSERT_TRUE((*file)->close());
  EXPECT_FALSE(fs::exists(path("a")));
  ASSERT_TRUE((*file)->publish());
  EXPECT_EQ(content(path("a")), "text");
  EXPECT_FALSE(fs::exists(path("a.partial")));
}

TEST_F(PartialFileTest, WritesAtOffsetsInAnyOrder) {
  const auto file = PartialFile::create(path("a"));
  ASSERT_TRUE((*file)->write_at(6, "gh"));
  ASSERT_TRUE((*file)->write_at(2, "cd"));
  ASSERT_TRUE((*file)->write_at(0, "ab"));
  ASSERT_TRUE((*file)->close());
  ASSERT_TRUE((*file)->publish());
  EXPECT_EQ(content(path("a")), std::string("abcd\0\0gh", 8));
}

TEST_F(PartialFileTest, LeavesTheOldFileWhenItIsGivenUp) {
  write_all(path("a"), "old");
  {
    const auto file = PartialFile::create(path("a"));
    ASSERT_TRUE((*file)->append("new"));
  }
  EXPECT_EQ(content(path("a")), "old");
  EXPECT_FALSE(fs::exists(path("a.partial")));
}

TEST_F(PartialFileTest, WritesWhatALinkPointsAt) {
  fs::create_directory(path("there"));
  write_all(path("there/a"), "old");
  fs::create_symlink("there/a", path("link"));
  write_all(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(path("there/a")), "new");
}

TEST_F(PartialFileTest, DestroysNothingThatIsNoFile) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  fs::create_directory(path("folder"));
  fs::create_symlink("/dev/null", path("device"));
  for (const char* name : {"pipe", "folder", "device"}) {
    const auto file = PartialFile::create(path(name));
    ASSERT_FALSE(file) << name;
    EXPECT_EQ(file.error().code, ExitCode::cannot_write);
    EXPECT_THAT(file.error().message(), testing::HasSubstr(path(name)));
    EXPECT_FALSE(fs::exists(path(name) + ".partial"));
  }
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
  EXPECT_TRUE(fs::is_directory(path("folder")));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace crossval
