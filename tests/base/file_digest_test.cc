#include "base/file_digest.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/temp_folder.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

// From FIPS 180-4's examples.
constexpr const char* kOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kOfMillionA =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
constexpr const char* kOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class FileDigestTest : public testing::Test {
 protected:
  std::string file() const { return folder_->path() + "/file"; }
  std::string cache() const { return folder_->path() + "/cache"; }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::binary) << text; }
  /// The same, and waits until its time is past.
  void write_and_settle(const std::string& text) const {
    write(text);
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
  }
  std::string digest() const {
    const auto found = file_digest(file(), cache(), {});
    return found ? found->sha256 : found.error().message();
  }
  fs::path entry() const { return fs::directory_iterator(cache() + "/sha256")->path(); }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(FileDigestTest, IsTheStandardsOne) {
  write("abc");
  EXPECT_EQ(digest(), kOfAbc);
  EXPECT_EQ(file_digest(file(), cache(), {})->bytes, 3U);
  write("");
  EXPECT_EQ(digest(), kOfNothing);
  write(std::string(1'000'000, 'a'));
  EXPECT_EQ(digest(), kOfMillionA);
  write(std::string(1 << 20, 'x') + "abc");  // beyond one chunk: not a prefix's digest
  const std::string longer = digest();
  write(std::string(1 << 20, 'x') + "abd");
  EXPECT_NE(digest(), longer);
}

// What a script does that sets a file's time back after changing it.
TEST_F(FileDigestTest, SeesAChangeThatKeepsSizeAndTime) {
  write_and_settle("abd");
  digest();
  const auto time = fs::last_write_time(file());
  write_and_settle("abc");
  fs::last_write_time(file(), time);
  EXPECT_EQ(digest(), kOfAbc);
}

TEST_F(FileDigestTest, KeepsNothingOfAFileThatHasJustChanged) {
  write("abc");
  EXPECT_EQ(digest(), kOfAbc);
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(FileDigestTest, IsTakenFromTheCacheUntilTheFileChanges) {
  write_and_settle("abc");
  EXPECT_EQ(digest(), kOfAbc);
  std::ofstream(entry()) << kOfNothing << '\n';  // only the cache can say this
  EXPECT_EQ(digest(), kOfNothing);
  fs::last_write_time(file(), fs::last_write_time(file()) + std::chrono::nanoseconds(1000));
  EXPECT_EQ(digest(), kOfAbc);
}

TEST_F(FileDigestTest, ABrokenEntryIsIgnoredAndReplaced) {
  const std::string whole = std::string(kOfNothing) + "\n";
  for (const std::string& broken :
       {std::string(), std::string("abc\n"), std::string(64, 'z') + "\n", whole + "\n",
        whole.substr(0, 64)}) {
    write_and_settle("abc");
    ASSERT_EQ(digest(), kOfAbc);
    std::ofstream(entry(), std::ios::binary) << broken;
    EXPECT_EQ(digest(), kOfAbc) << broken;
    std::string line;
    std::getline(std::ifstream(entry()), line);
    EXPECT_EQ(line, kOfAbc);
    fs::remove_all(cache());
  }
}

TEST_F(FileDigestTest, ACacheThatCannotBeWrittenIsDoneWithout) {
  write("abc");
  std::ofstream(cache()) << "a file, no folder";
  EXPECT_EQ(digest(), kOfAbc);
}

TEST_F(FileDigestTest, LeavesNoUnfinishedEntry) {
  write_and_settle("abc");
  digest();
  EXPECT_EQ(std::distance(fs::directory_iterator(cache() + "/sha256"), {}), 1);
}

TEST_F(FileDigestTest, AMissingFileAndAnInterruptionAreErrors) {
  EXPECT_EQ(file_digest(file(), cache(), {}).error().code, ExitCode::bad_input_file);
  write("abc");
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(file_digest(file(), cache(), source.get_token()).error().code, ExitCode::interrupted);
}

}  // namespace
}  // namespace crossval
