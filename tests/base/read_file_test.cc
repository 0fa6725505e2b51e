#include "base/read_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace crossval {
namespace {

std::string write_temp(const std::string& bytes) {
  const std::string path = testing::TempDir() + "read_file_test.txt";
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

TEST(ReadFile, KeepsEveryByte) {
  const std::string bytes("a\r\n\0\xFF\n", 6);
  const std::string path = write_temp(bytes);
  EXPECT_EQ(read_file(path, 6).value(), bytes);
  std::remove(path.c_str());
}

TEST(ReadFile, EmptyIsNoError) {
  const std::string path = write_temp("");
  EXPECT_EQ(read_file(path, 10).value(), "");
  std::remove(path.c_str());
}

TEST(ReadFile, RefusesTooMuch) {
  const std::string path = write_temp("1234567");
  const auto result = read_file(path, 6);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::bad_input_file);
  EXPECT_EQ(result.error().where, path);
  std::remove(path.c_str());
}

TEST(ReadFile, NamesWhatCannotBeOpened) {
  const auto missing = read_file("/no/such/file", 10);
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().what.find("No such file"), std::string::npos);
  EXPECT_FALSE(read_file(testing::TempDir(), 10).has_value());  // a directory
}

}  // namespace
}  // namespace crossval
