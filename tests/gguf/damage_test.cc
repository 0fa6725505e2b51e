// Every check of the reader, fired by a file with one thing wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "fixtures.h"
#include "gguf/file.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::HasSubstr;

/// A file under construction, each section apart.
struct Draft {
  std::string magic = "GGUF";
  uint32_t version = 3;
  uint64_t n_tensors = 0;
  uint64_t n_keys = 0;
  std::string keys, tensors, data;
  uint64_t alignment = 32;

  template <class T>
  static std::string raw(T value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string text(const std::string& s) { return raw(uint64_t{s.size()}) + s; }

  void key(const std::string& name, uint32_t type, const std::string& value) {
    ++n_keys;
    keys += text(name) + raw(type) + value;
  }
  void tensor(const std::string& name, const std::vector<uint64_t>& ne, uint32_t type,
              uint64_t offset) {
    ++n_tensors;
    tensors += text(name) + raw(static_cast<uint32_t>(ne.size()));
    for (const uint64_t n : ne) tensors += raw(n);
    tensors += raw(type) + raw(offset);
  }
  std::string bytes() const {
    std::string out = magic + raw(version) + raw(n_tensors) + raw(n_keys) + keys + tensors;
    if (!data.empty()) out.resize((out.size() + alignment - 1) / alignment * alignment);
    return out + data;
  }
};

constexpr uint32_t kU8 = 0, kU32 = 4, kString = 8, kArray = 9, kU64 = 10;
constexpr uint32_t kF32 = 0, kQ8_0 = 8, kI2_S = 36, kMxfp4 = 39;

/// Two keys and two tensors of four values, nothing wrong.
Draft sound() {
  Draft d;
  d.key("a.number", kU32, Draft::raw(uint32_t{7}));
  d.key("a.list", kArray, Draft::raw(kU8) + Draft::raw(uint64_t{3}) + "xyz");
  d.tensor("first", {4}, kF32, 0);
  d.tensor("second", {4}, kF32, 32);
  d.data = std::string(48, '\0');
  return d;
}

Result<GgufFile> parse(const std::string& bytes) {
  return GgufFile::parse(as_span(bytes), "some.gguf");
}

TEST(GgufDamage, TheControlHasNone) {
  const auto file = parse(sound().bytes());
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->tensors().size(), 2U);
}

struct Damage {
  const char* name;
  std::function<void(Draft&)> apply;
  const char* what;
  const char* where;
};

std::vector<Damage> damages() {
  const auto raw32 = [](uint32_t v) { return Draft::raw(v); };
  const auto raw64 = [](uint64_t v) { return Draft::raw(v); };
  return {
      {"Magic", [](Draft& d) { d.magic = "GGML"; }, "not a GGUF file", "offset 4"},
      {"VersionOne", [](Draft& d) { d.version = 1; }, "version 1 is not supported", "version"},
      {"VersionFour", [](Draft& d) { d.version = 4; }, "version 4 is not supported", "version"},
      {"BigEndian", [](Draft& d) { d.version = 0x03000000; }, "big-endian", "version"},
      {"KeyCount", [](Draft& d) { d.n_keys = uint64_t{1} << 60; }, "metadata keys cannot fit",
       "header"},
      {"TensorCount", [](Draft& d) { d.n_tensors = uint64_t{1} << 60; }, "tensors cannot fit",
       "header"},
      {"KeyNameEmpty", [=](Draft& d) { d.key("", kU32, raw32(1)); }, "a name of 0 bytes", ""},
      {"KeyNameLong", [=](Draft& d) { d.key(std::string(65536, 'k'), kU32, raw32(1)); },
       "a name of 65536 bytes", ""},
      {"KeyNameBeyondTheFile",
       [=](Draft& d) {
         ++d.n_keys;
         d.keys += raw64(uint64_t{1} << 63) + std::string(64, 'k');
       },
       "ends too early", "name of key 2"},
      {"KeyTwice", [=](Draft& d) { d.key("a.number", kU32, raw32(1)); }, "the key occurs twice",
       "key a.number"},
      {"ValueType", [=](Draft& d) { d.key("odd", 13, raw32(1)); }, "unknown value type 13",
       "key odd"},
      {"StringBeyondTheFile",
       [=](Draft& d) { d.key("odd", kString, raw64(uint64_t{1} << 40) + "text"); },
       "ends too early", "key odd"},
      {"ElementType", [=](Draft& d) { d.key("odd", kArray, raw32(77) + raw64(1) + "xxxxxxxx"); },
       "unknown array element type 77", "key odd"},
      {"NestedArray",
       [=](Draft& d) { d.key("odd", kArray, raw32(kArray) + raw64(1) + raw32(kU8) + raw64(0)); },
       "arrays of arrays", "key odd"},
      {"ArrayCount",
       [=](Draft& d) { d.key("odd", kArray, raw32(kU64) + raw64((uint64_t{1} << 61) + 1)); },
       "ends too early", "key odd"},
      {"StringArrayCount",
       [=](Draft& d) { d.key("odd", kArray, raw32(kString) + raw64(uint64_t{1} << 50)); },
       "ends too early", "key odd"},
      {"StringArrayElement",
       [=](Draft& d) {
         d.key("odd", kArray, raw32(kString) + raw64(2) + Draft::text("a") + raw64(1U << 30));
       },
       "ends too early", "element 1"},
      {"AlignmentZero", [=](Draft& d) { d.key("general.alignment", kU32, raw32(0)); },
       "not a power of two", "general.alignment"},
      {"AlignmentOdd", [=](Draft& d) { d.key("general.alignment", kU32, raw32(48)); },
       "not a power of two", "general.alignment"},
      {"AlignmentHuge",
       [=](Draft& d) { d.key("general.alignment", kU64, raw64(uint64_t{1} << 40)); },
       "not a power of two", "general.alignment"},
      {"AlignmentText", [=](Draft& d) { d.key("general.alignment", kString, Draft::text("32")); },
       "not a power of two", "general.alignment"},
      {"TensorNameEmpty", [](Draft& d) { d.tensor("", {4}, kF32, 0); }, "has no name", ""},
      {"TensorTwice", [](Draft& d) { d.tensor("first", {4}, kF32, 0); }, "the tensor occurs twice",
       "tensor first"},
      {"NoDimensions", [](Draft& d) { d.tensor("odd", {}, kF32, 0); }, "0 dimensions",
       "tensor odd"},
      {"FiveDimensions", [](Draft& d) { d.tensor("odd", {1, 1, 1, 1, 1}, kF32, 0); },
       "5 dimensions", "tensor odd"},
      {"DimensionZero", [](Draft& d) { d.tensor("odd", {4, 0}, kF32, 0); }, "dimension 1 is 0",
       "tensor odd"},
      {"DimensionNegative", [](Draft& d) { d.tensor("odd", {uint64_t{1} << 63}, kF32, 0); },
       "dimension 0 is", "tensor odd"},
      {"ProductOverflows",
       [](Draft& d) { d.tensor("odd", {1U << 31, 1U << 31, 1U << 31}, kF32, 0); }, "dimension 2 is",
       "tensor odd"},
      {"BytesOverflow",
       [](Draft& d) {
         d.tensor("odd", {uint64_t{1} << 62}, kF32, 64);
         d.data.resize(128);
       },
       "ends behind the end", "tensor odd"},
      {"OffsetMisaligned", [](Draft& d) { d.tensor("odd", {1}, kF32, 4); },
       "no multiple of the alignment 32", "tensor odd"},
      {"OffsetBehindTheEnd", [](Draft& d) { d.tensor("odd", {1}, kF32, 4096); },
       "would begin behind the end", "tensor odd"},
      {"OffsetWrapsAround", [](Draft& d) { d.tensor("odd", {1}, kF32, ~uint64_t{31}); },
       "would begin behind the end", "tensor odd"},
      {"DataBehindTheEnd",
       [](Draft& d) {
         d.tensor("odd", {5}, kF32, 64);
         d.data.resize(64 + 16);
       },
       "ends behind the end", "tensor odd"},
      {"SameData", [](Draft& d) { d.tensor("odd", {4}, kF32, 32); }, "overlaps that of tensor odd",
       "tensor second"},
      {"SameDataOfUnknownType", [](Draft& d) { d.tensor("odd", {4}, 199, 32); }, "overlaps",
       "tensor second"},
      {"DataIntoTheNext",
       [](Draft& d) {
         d.tensor("long", {9}, kF32, 64);
         d.tensor("after", {4}, kF32, 96);
         d.data.resize(128);
       },
       "overlaps that of tensor after", "tensor long"},
      {"RowIsNoWholeBlock",
       [](Draft& d) {
         d.tensor("odd", {33}, kQ8_0, 64);
         d.data.resize(128);
       },
       "no multiple of Q8_0's block of 32", "tensor odd"},
      {"RowIsNoWholeBlockOfI2_S",
       [](Draft& d) {
         d.tensor("odd", {64}, kI2_S, 64);
         d.data.resize(128);
       },
       "no multiple of I2_S's block of 128", "tensor odd"},
      {"TailBehindTheEnd",
       [](Draft& d) {
         d.tensor("odd", {128}, kI2_S, 64);
         d.data.resize(64 + 63);
       },
       "ends behind the end", "tensor odd"},
      {"AnotherTypeOfTheSameNumber",  // IQ4_NL_4_4, 72 bytes
       [](Draft& d) {
         d.tensor("odd", {128}, kI2_S, 64);
         d.tensor("after", {4}, kF32, 160);
         d.data.resize(176);
       },
       "takes 96 bytes, where I2_S of its shape takes 64", "tensor odd"},
  };
}

class GgufDamages : public testing::TestWithParam<Damage> {};

TEST_P(GgufDamages, AreRefusedWithTheirPlace) {
  Draft draft = sound();
  GetParam().apply(draft);
  const auto file = parse(draft.bytes());
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(file.error().what, HasSubstr(GetParam().what));
  EXPECT_THAT(file.error().where, HasSubstr("some.gguf"));
  EXPECT_THAT(file.error().where, HasSubstr(GetParam().where));
}

INSTANTIATE_TEST_SUITE_P(Each, GgufDamages, testing::ValuesIn(damages()),
                         [](const auto& param) { return std::string(param.param.name); });

// Only the last tensor's padding may be missing.
TEST(GgufDamage, ATruncatedFileIsRefusedWhereverItEnds) {
  const std::string bytes = gguf_bytes("all.gguf");
  const auto whole = parse(bytes);
  ASSERT_TRUE(whole.has_value());
  size_t end = 0;
  for (const GgufTensor& tensor : whole->tensors()) {
    end = std::max<size_t>(end, tensor.offset + tensor.data.size());
  }
  for (size_t size = 0; size < end; ++size) {
    const auto file = parse(bytes.substr(0, size));
    ASSERT_FALSE(file.has_value()) << size;
    EXPECT_EQ(file.error().code, ExitCode::bad_input_file);
  }
  EXPECT_TRUE(parse(bytes.substr(0, end)).has_value());
}

// bitnet.cpp's llama-quantize with two threads: a tail of 32 bytes behind each chunk of rows.
TEST(GgufDamage, I2sOfSeveralThreadsIsRefusedWithAdvice) {
  Draft draft = sound();
  draft.tensor("odd", {128, 4}, kI2_S, 64);  // 160 bytes; two chunks make 192
  draft.tensor("after", {4}, kF32, 256);
  draft.data.resize(272);
  const auto file = parse(draft.bytes());
  ASSERT_FALSE(file.has_value());
  EXPECT_THAT(file.error().what, HasSubstr("takes 192 bytes, where I2_S of its shape takes 160"));
  EXPECT_THAT(file.error().hint, HasSubstr("several threads"));
}

TEST(GgufDamage, WhatForksCallANumberIsSaid) {
  Draft draft = sound();
  draft.tensor("odd", {96}, kMxfp4, 64);  // 51 bytes; TL2 is smaller
  draft.data.resize(96);
  const auto last = parse(draft.bytes());
  ASSERT_FALSE(last.has_value());
  EXPECT_THAT(last.error().what, HasSubstr("ends behind the end"));
  EXPECT_THAT(last.error().hint, HasSubstr("TL2 in bitnet.cpp"));
  draft.tensor("after", {16}, kF32, 96);
  draft.data.resize(160);
  const auto file = parse(draft.bytes());
  ASSERT_FALSE(file.has_value());
  EXPECT_THAT(file.error().what, HasSubstr("overlaps"));
  EXPECT_THAT(file.error().hint, HasSubstr("TL2 in bitnet.cpp"));
}

TEST(GgufDamage, I2_SOfItsOwnSizeIsNone) {
  Draft draft = sound();
  draft.tensor("fine", {128}, kI2_S, 64);
  draft.tensor("after", {4}, kF32, 128);
  draft.data.resize(144);
  const auto bytes = draft.bytes();
  const auto file = parse(bytes);
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->find_tensor("fine")->data.size(), 64U);
}

// Types that only forks write are kept, up to the next tensor's data.
TEST(GgufDamage, AnUnknownTensorTypeIsNone) {
  Draft draft = sound();
  draft.tensor("odd", {8}, 199, 64);
  draft.data.resize(64 + 20);
  const auto bytes = draft.bytes();  // the file holds views into them
  const auto file = parse(bytes);
  ASSERT_TRUE(file.has_value()) << file.error().message();
  EXPECT_EQ(file->find_tensor("odd")->data.size(), 20U);
}

}  // namespace
}  // namespace crossval
