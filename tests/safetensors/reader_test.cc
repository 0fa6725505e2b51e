#include "safetensors/reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace crossval {
namespace {

/// The file of a header and its data, as the format's description has it.
std::string file_of(std::string_view header, std::string_view data) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  return file.append(header).append(data);
}

Result<std::vector<SafetensorsTensor>> parse(const std::string& file) {
  return parse_safetensors(std::as_bytes(std::span(file)), "a.safetensors");
}

std::string fault(const std::string& file) {
  const auto read = parse(file);
  if (read) return "none";
  EXPECT_EQ(read.error().code, ExitCode::bad_input_file);
  return read.error().what + " | " + read.error().where;
}

TEST(SafetensorsReader, ReadsWhatTheHeaderSays) {
  const std::string file = file_of(
      R"({"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]},)"
      R"("__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )",
      "wxyz1234");
  const auto read = parse(file);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].name, "a");
  EXPECT_EQ((*read)[0].elements(), 1);
  const SafetensorsTensor& b = (*read)[1];
  EXPECT_EQ(b.dtype, "BF16");
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(b.data.data()), b.data.size()), "1234");
}

TEST(SafetensorsReader, RefusesAHeaderThatCannotBe) {
  EXPECT_EQ(fault("1234567"),
            "no safetensors file: it ends before the length of its header | a.safetensors");
  std::string huge = file_of("{}", "");
  const uint64_t length = uint64_t{2} << 30;
  std::memcpy(huge.data(), &length, sizeof length);
  EXPECT_EQ(fault(huge),
            "the header would have 2147483648 bytes; the format allows 100000000 | a.safetensors");
  EXPECT_EQ(fault(file_of("{}", "").substr(0, 9)),
            "the header has 2 bytes, the file 9 in all | a.safetensors");
  EXPECT_EQ(fault(file_of("{\"a\":", "")), "the header is no JSON object | a.safetensors");
  EXPECT_EQ(fault(file_of("[]", "")), "the header is no JSON object | a.safetensors");
}

struct Entry {
  const char* entry;
  const char* what;
};

TEST(SafetensorsReader, NamesATensorThatCannotBe) {
  const Entry kEntries[] = {
      {R"({"dtype":"F32","shape":[1]})", "an entry is not dtype, shape and two data_offsets"},
      {R"({"dtype":"Q4","shape":[1],"data_offsets":[0,4]})", "dtype \"Q4\" is not known"},
      {R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", "shape [-1] is none"},
      {R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]})",
       "shape [4294967296,4294967296] is none"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})",
       "data_offsets [4,8] do not lie in the 4 bytes of data"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})",
       "data_offsets [4,0] do not lie in the 4 bytes of data"},
      {R"({"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]})",
       "data_offsets [0,18446744073709551615] do not lie in the 4 bytes of data"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})",
       "4 bytes of data, where F32 of shape [2] has 8"},
  };
  for (const Entry& entry : kEntries) {
    EXPECT_EQ(fault(file_of(std::string("{\"t\":") + entry.entry + "}", "1234")),
              std::string(entry.what) + " | a.safetensors, tensor \"t\"");
  }
}

TEST(SafetensorsReader, EachByteBelongsToOneTensor) {
  const auto two = [](const char* a, const char* b) {
    return file_of(std::string(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)") + a +
                       R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + b + "}}",
                   "1234");
  };
  EXPECT_EQ(fault(two("[0,2]", "[2,4]")), "none");
  EXPECT_EQ(fault(two("[0,2]", "[1,3]")),
            "its data overlaps that of another tensor | a.safetensors, tensor \"b\"");
  EXPECT_EQ(fault(two("[0,2]", "[0,2]")),
            "its data overlaps that of another tensor | a.safetensors, tensor \"b\"");
  EXPECT_EQ(fault(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "123")),
            "1 bytes before its data belong to no tensor | a.safetensors, tensor \"a\"");
  EXPECT_EQ(fault(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "123")),
            "1 bytes at its end belong to no tensor | a.safetensors");
}

}  // namespace
}  // namespace crossval
