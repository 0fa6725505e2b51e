#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "fixtures.h"
#include "gguf/file.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::string part_name(int number) {
  return "split-0000" + std::to_string(number) + "-of-00003.gguf";
}

/// A folder of its own with the three parts, to be damaged.
class GgufSplit : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(testing::TempDir()) /
        (std::string("gguf-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (int i = 1; i <= 3; ++i) put(i, gguf_bytes(part_name(i)));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(int number) const { return (folder_ / part_name(number)).string(); }
  void put(int number, const std::string& bytes) const {
    std::ofstream(path(number), std::ios::binary) << bytes;
  }
  Error error_of(int number) const {
    const auto file = GgufFile::open(path(number));
    EXPECT_FALSE(file.has_value());
    return file ? Error{} : file.error();
  }
  /// Part `number` with the first `from` in it replaced by `to`, of the same length.
  void replace(int number, const std::string& from, const std::string& to) const {
    std::string bytes = gguf_bytes(part_name(number));
    const size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    ASSERT_EQ(from.size(), to.size());
    put(number, bytes.replace(at, from.size(), to));
  }

  fs::path folder_;
};

TEST_F(GgufSplit, AnyPartNamesTheFirst) {
  for (int number = 1; number <= 3; ++number) EXPECT_EQ(first_part_path(path(number)), path(1));
  for (const char* other : {"model.gguf", "a-of-b.gguf", "m-00002-of-00003.gguf", "", "-of-"})
    EXPECT_EQ(first_part_path(other), other);  // not of a split model, or its first is not there
}

TEST_F(GgufSplit, AnyPartOpensTheWholeModel) {
  for (int number = 1; number <= 3; ++number) {
    const auto file = GgufFile::open(path(number));
    ASSERT_TRUE(file.has_value()) << file.error().message();
    EXPECT_EQ(file->get_string("k.text").value(), "in the first part");
    ASSERT_EQ(file->tensors().size(), 5U);
    for (int i = 0; i < 5; ++i) {
      const GgufTensor& tensor = *file->find_tensor("t" + std::to_string(i));
      EXPECT_EQ(tensor.part, i / 2);
      float value = 0;
      std::memcpy(&value, tensor.data.data(), sizeof value);
      EXPECT_EQ(value, static_cast<float>(i));
    }
  }
}

TEST_F(GgufSplit, AMissingPartIsNamed) {
  fs::remove(path(2));
  EXPECT_EQ(error_of(1).code, ExitCode::bad_input_file);
  EXPECT_THAT(error_of(1).where, HasSubstr(part_name(2)));
}

TEST_F(GgufSplit, APartUnderAnotherNameIsRefused) {
  const std::string renamed = (folder_ / "model.gguf").string();
  fs::rename(path(1), renamed);
  const auto file = GgufFile::open(renamed);
  ASSERT_FALSE(file.has_value());
  EXPECT_THAT(file.error().what, HasSubstr("00001-of-00003"));
}

TEST_F(GgufSplit, PartsInTheWrongOrderAreRefused) {
  put(2, gguf_bytes(part_name(3)));
  EXPECT_THAT(error_of(1).what, HasSubstr("does not say that it is part 1"));
}

TEST_F(GgufSplit, ATensorInTwoPartsIsRefused) {
  replace(2, "t2", "t0");
  EXPECT_THAT(error_of(1).what, HasSubstr("occurs in two parts"));
}

TEST_F(GgufSplit, AWrongCountOfTensorsIsRefused) {
  const auto count = [](char n) {
    return std::string("split.tensors.count\x05\0\0\0", 23) + n + std::string(3, '\0');
  };
  replace(1, count(5), count(6));
  EXPECT_THAT(error_of(1).what, HasSubstr("5 tensors, 6 were announced"));
}

TEST_F(GgufSplit, DamageInALaterPartNamesThatPart) {
  put(3, gguf_bytes(part_name(3)).substr(0, 100));
  EXPECT_THAT(error_of(1).where, HasSubstr(part_name(3)));
}

}  // namespace
}  // namespace crossval
