#include "safetensors/writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/temp_folder.h"

namespace crossval {
namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Byte for byte what the format's description says of two tensors.
TEST(SafetensorsWriter, WritesLengthHeaderAndValues) {
  const auto folder = TempFolder::make();
  const std::string path = folder->path() + "/a.safetensors";
  auto writer = SafetensorsWriter::create(path,
                                          {{.name = "x", .rows = 2, .columns = 1},
                                           {.name = "y", .rows = 1, .columns = 1, .wide = true}},
                                          {{"by", "a test"}});
  ASSERT_TRUE(writer.has_value()) << writer.error().message();
  const std::vector<double> wide{1.0};
  const std::vector<float> second{2.0F}, first{1.0F};
  ASSERT_TRUE((*writer)->write(1, 0, wide));
  ASSERT_TRUE((*writer)->write(0, 1, second));
  ASSERT_TRUE((*writer)->write(0, 0, first));
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE((*writer)->finish());
  std::string header =
      R"({"__metadata__":{"by":"a test"},"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("y":{"dtype":"F64","shape":[1,1],"data_offsets":[8,16]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string expected(8, '\0');
  expected[0] = static_cast<char>(header.size());
  expected += header;
  expected += std::string("\0\0\x80\x3f\0\0\0\x40", 8);  // 1.0F, 2.0F
  expected += std::string("\0\0\0\0\0\0\xf0\x3f", 8);    // 1.0
  EXPECT_EQ(content(path), expected);
}

// What never came is zero, and the file has its whole length.
TEST(SafetensorsWriter, LeavesZerosWhereNothingCame) {
  const auto folder = TempFolder::make();
  const std::string path = folder->path() + "/a.safetensors";
  auto writer = SafetensorsWriter::create(path, {{.name = "x", .rows = 3, .columns = 4}}, {});
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE((*writer)->finish());
  const std::string bytes = content(path);
  ASSERT_GE(bytes.size(), 48U);
  EXPECT_EQ(bytes.substr(bytes.size() - 48), std::string(48, '\0'));
}

TEST(SafetensorsWriter, CannotWriteWhereThereIsNoFolder) {
  const auto writer = SafetensorsWriter::create("/nonexistent/a.safetensors", {}, {});
  ASSERT_FALSE(writer.has_value());
  EXPECT_EQ(writer.error().code, ExitCode::cannot_write);
}

}  // namespace
}  // namespace crossval
