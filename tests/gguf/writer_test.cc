#include "gguf/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "gguf/file.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

std::string file_path(const char* name) { return (fs::path(::testing::TempDir()) / name).string(); }

TEST(GgufWriter, WhatIsWrittenIsRead) {
  const std::string path = file_path("writer.gguf");
  GgufWriter writer(path);
  writer.add_string("general.architecture", "llama");
  writer.add_u32("a", 7);
  writer.add_f32("b", 0.25F);
  writer.add_bool("c", true);
  writer.add_strings("d", std::vector<std::string>{"x", "", "yz"});
  writer.add_i32s("e", std::vector<int32_t>{-1, 1 << 20});
  writer.add_key("f", GgufType::i8, int64_t{-3});
  writer.add_key("g", GgufType::f64, 1e-300);
  const std::vector<float> first = {1, 2, 3};
  const std::vector<float> second = {4, 5, 6, 7, 8, 9};
  writer.add_tensor("first", 0, std::vector<int64_t>{3}, 12);
  writer.add_tensor("second", 0, std::vector<int64_t>{2, 3}, 24);
  ASSERT_TRUE(writer.start());
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(writer.write(std::as_bytes(std::span(first))));
  ASSERT_TRUE(writer.write(std::as_bytes(std::span(second).first(2))));  // in pieces
  ASSERT_TRUE(writer.write(std::as_bytes(std::span(second).subspan(2))));
  ASSERT_TRUE(writer.finish());

  const auto file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->version(), 3U);
  EXPECT_EQ(*file->get_string("general.architecture"), "llama");
  EXPECT_EQ(*file->get_int("a"), 7);
  EXPECT_EQ(*file->get_float("b"), 0.25);
  EXPECT_EQ(*file->bool_or("c", false), true);
  EXPECT_EQ((*file->get_array("d"))->strings, (std::vector<std::string_view>{"x", "", "yz"}));
  EXPECT_EQ((*file->get_array("e"))->integer(0), -1);
  EXPECT_EQ((*file->get_array("e"))->integer(1), 1 << 20);
  EXPECT_EQ(*file->get_int("f"), -3);
  EXPECT_EQ(*file->get_float("g"), 1e-300);
  const GgufTensor* tensor = file->find_tensor("second");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->ne[0], 2);
  EXPECT_EQ(tensor->ne[1], 3);
  EXPECT_EQ(tensor->offset % 32, 0U);
  EXPECT_TRUE(
      std::ranges::equal(tensor->data.first(24), std::as_bytes(std::span(second)).first(24)));
  fs::remove(path);
}

TEST(GgufWriter, CountsTheBytesOfTensors) {
  const std::string path = file_path("counted.gguf");
  const std::vector<std::byte> bytes(16);
  {
    GgufWriter writer(path);
    writer.add_tensor("t", 0, std::vector<int64_t>{4}, 16);
    ASSERT_TRUE(writer.start());
    EXPECT_EQ(writer.finish().error().code, ExitCode::internal);  // too few
    ASSERT_TRUE(writer.write(bytes));
    EXPECT_EQ(writer.write(bytes).error().code, ExitCode::internal);  // too many
  }
  EXPECT_FALSE(fs::exists(path));  // never finished
  EXPECT_FALSE(fs::exists(path + ".partial"));
}

TEST(GgufWriter, AFullDiskIsAnError) {
  const std::string path = file_path("full.gguf");
  fs::create_symlink("/dev/full", path + ".partial");  // where the writer will write
  {
    GgufWriter writer(path);
    ASSERT_TRUE(writer.start());  // buffered
    EXPECT_EQ(writer.finish().error().code, ExitCode::cannot_write);
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::is_symlink(path + ".partial"));
}

TEST(GgufWriter, AFolderThatIsNotThereIsAnError) {
  GgufWriter writer(file_path("no-such-folder/m.gguf"));
  EXPECT_EQ(writer.start().error().code, ExitCode::cannot_write);
}

}  // namespace
}  // namespace crossval
