#include "gguf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "fixtures.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;

GgufFile open_all() {
  auto file = GgufFile::open(gguf_path("all.gguf"));
  EXPECT_TRUE(file.has_value()) << file.error().message();
  return std::move(*file);
}

std::vector<float> floats_of(const GgufTensor& tensor) {
  std::vector<float> values(tensor.data.size() / sizeof(float));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

TEST(GgufFile, ReadsEveryKindOfValue) {
  const GgufFile file = open_all();
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.alignment(), 64U);
  EXPECT_EQ(file.size(), gguf_bytes("all.gguf").size());
  EXPECT_EQ(file.get_string("general.architecture").value(), "sample");
  EXPECT_EQ(file.get_int("k.u8").value(), 200);
  EXPECT_EQ(file.get_int("k.i8").value(), -5);
  EXPECT_EQ(file.get_int("k.u16").value(), 65000);
  EXPECT_EQ(file.get_int("k.i16").value(), -30000);
  EXPECT_EQ(file.get_int("k.u32").value(), 4000000000);
  EXPECT_EQ(file.get_int("k.i32").value(), -2000000000);
  EXPECT_EQ(file.get_int("k.i64").value(), -(int64_t{1} << 62));
  EXPECT_EQ(file.get_float("k.f32").value(), 1.5);
  EXPECT_EQ(file.get_float("k.f64").value(), 0.1);
  EXPECT_TRUE(file.bool_or("k.yes", false).value());
  EXPECT_FALSE(file.bool_or("k.no", true).value());
  EXPECT_EQ(file.get_string("k.text").value(), "naïve ✓");
  EXPECT_EQ(file.find_key("k.i16")->type, GgufType::i16);
}

TEST(GgufFile, ReadsArrays) {
  const GgufFile file = open_all();
  const GgufArray& integers = *file.get_array("k.integers").value();
  EXPECT_EQ(integers.element, GgufType::i32);
  ASSERT_EQ(integers.count, 3U);
  EXPECT_EQ(integers.integer(0), -1);
  EXPECT_EQ(integers.integer(2), 300);
  EXPECT_EQ(integers.number(1), 2.0);
  const GgufArray& reals = *file.get_array("k.reals").value();
  EXPECT_EQ(reals.number(0), 0.5);
  EXPECT_EQ(reals.number(1), -2.0);
  const GgufArray& flags = *file.get_array("k.flags").value();
  EXPECT_EQ(flags.element, GgufType::boolean);
  EXPECT_EQ(flags.integer(1), 0);
  EXPECT_EQ(flags.integer(2), 1);
  EXPECT_THAT(file.get_array("k.texts").value()->strings, ElementsAre("a", "", "bc"));
}

TEST(GgufFile, ReadsTensorsFastestDimensionFirst) {
  const GgufFile file = open_all();
  ASSERT_EQ(file.tensors().size(), 4U);
  const GgufTensor& plain = *file.find_tensor("plain");
  EXPECT_EQ(plain.dims, 2);
  EXPECT_THAT(plain.ne, ElementsAre(3, 2, 1, 1));
  EXPECT_THAT(floats_of(plain), ElementsAre(0, 1, 2, 3, 4, 5));
  const GgufTensor& half = *file.find_tensor("half");
  EXPECT_EQ(half.type_id, 1U);
  EXPECT_EQ(half.data.size(), 8U);
  const GgufTensor& blocks = *file.find_tensor("blocks");
  EXPECT_EQ(blocks.type_id, 8U);
  EXPECT_THAT(blocks.ne, ElementsAre(32, 2, 1, 1));
  EXPECT_EQ(blocks.data.size(), 2U * 34U);
  const GgufTensor& cube = *file.find_tensor("cube");
  EXPECT_THAT(cube.ne, ElementsAre(4, 3, 2, 1));
  EXPECT_EQ(cube.elements(), 24);
  EXPECT_EQ(floats_of(cube)[23], 23.0F);
  for (const GgufTensor& tensor : file.tensors()) EXPECT_EQ(tensor.offset % 64, 0U) << tensor.name;
  EXPECT_EQ(file.find_tensor("absent"), nullptr);
}

// Version 2 differs from 3 only in its number: 3 made room for big-endian files.
TEST(GgufFile, ReadsVersionTwo) {
  std::string bytes = gguf_bytes("all.gguf");
  bytes[4] = 2;
  const auto file = GgufFile::parse(as_span(bytes), "two.gguf");
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->version(), 2U);
  EXPECT_EQ(floats_of(*file->find_tensor("cube"))[23], 23.0F);
}

TEST(GgufFile, AMissingKeyIsAnErrorOrTheFallback) {
  const GgufFile file = open_all();
  const auto missing = file.get_int("k.absent");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(missing.error().where, HasSubstr("k.absent"));
  EXPECT_THAT(missing.error().where, HasSubstr("all.gguf"));
  EXPECT_FALSE(file.get_float("k.absent").has_value());
  EXPECT_FALSE(file.get_string("k.absent").has_value());
  EXPECT_FALSE(file.get_array("k.absent").has_value());
  EXPECT_EQ(file.int_or("k.absent", 7).value(), 7);
  EXPECT_EQ(file.float_or("k.absent", 0.5).value(), 0.5);
  EXPECT_TRUE(file.bool_or("k.absent", true).value());
  EXPECT_EQ(file.string_or("k.absent", "x").value(), "x");
}

TEST(GgufFile, AnotherKindIsAnErrorEvenWithAFallback) {
  const GgufFile file = open_all();
  EXPECT_THAT(file.get_int("k.text").error().what, HasSubstr("a string where an integer belongs"));
  EXPECT_THAT(file.get_float("k.u8").error().what, HasSubstr("a u8 where a floating-point number"));
  EXPECT_THAT(file.get_string("k.u8").error().what, HasSubstr("a u8 where a string belongs"));
  EXPECT_THAT(file.get_array("k.u8").error().what, HasSubstr("a u8 where an array belongs"));
  EXPECT_THAT(file.int_or("k.yes", 1).error().what, HasSubstr("a bool where an integer belongs"));
  EXPECT_THAT(file.float_or("k.text", 1).error().what, HasSubstr("a string where a floating"));
  EXPECT_THAT(file.bool_or("k.u8", true).error().what, HasSubstr("a u8 where a bool belongs"));
  EXPECT_THAT(file.string_or("k.u8", "x").error().what, HasSubstr("a u8 where a string"));
  EXPECT_FALSE(file.get_int("k.u64").has_value());  // 2^63 + 1 has no place in int64_t
}

TEST(GgufFile, AFileThatCannotBeReadIsNamed) {
  for (const std::string& path : {gguf_path("absent.gguf"), gguf_path("")}) {
    const auto file = GgufFile::open(path);
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(file.error().where, HasSubstr(path));
  }
}

}  // namespace
}  // namespace crossval
