#include "base/mapped_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace crossval {
namespace {

TEST(MappedFile, ReadsWhatWasWritten) {
  const std::string path = testing::TempDir() + "mapped_file_test.bin";
  std::ofstream(path) << "hello";
  auto file = MappedFile::open(path);
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->bytes().size(), 5U);
  EXPECT_EQ(static_cast<char>(file->bytes()[4]), 'o');
  std::filesystem::remove(path);
}

TEST(MappedFile, HintsChangeNoByte) {
  const std::string path = testing::TempDir() + "mapped_file_hints.bin";
  std::ofstream(path) << std::string(100'000, 'x') << "end";
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file.has_value());
  file->will_read(file->bytes());
  file->release(file->bytes().subspan(5000, 90'000));
  EXPECT_EQ(static_cast<char>(file->bytes()[5000]), 'x');
  EXPECT_EQ(static_cast<char>(file->bytes()[100'002]), 'd');
  std::filesystem::remove(path);
}

TEST(MappedFile, NamesTheFileItCannotRead) {
  const std::string empty = testing::TempDir() + "mapped_file_empty.bin";
  std::ofstream(empty).flush();
  for (const std::string& path : {std::string("/nonexistent/x.gguf"), std::string("/tmp"), empty}) {
    const auto file = MappedFile::open(path);
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code, ExitCode::bad_input_file);
    EXPECT_EQ(file.error().where, path);
  }
  std::filesystem::remove(empty);
}

}  // namespace
}  // namespace crossval
