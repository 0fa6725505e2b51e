#include "base/temp_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace crossval {
namespace {

namespace fs = std::filesystem;

TEST(TempFolder, GoesAwayWithAllThatIsInIt) {
  std::string path;
  {
    auto made = TempFolder::make();
    ASSERT_TRUE(made.has_value()) << made.error().message();
    path = made->path();
    fs::create_directory(path + "/inner");
    std::ofstream(path + "/inner/file") << "x";
    const TempFolder moved = *std::move(made);
    EXPECT_EQ(moved.path(), path);
    EXPECT_TRUE(fs::exists(path + "/inner/file"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TempFolder, NowhereToPutItIsAnError) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nonexistent", 1);
  const auto made = TempFolder::make();
  before == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", kept.c_str(), 1);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ExitCode::cannot_write);
}

}  // namespace
}  // namespace crossval
