// Files that are no GGUF, by their first bytes. What other programs really write is tried in
// tests/e2e/test_foreign_files.py; here are those that no program at hand writes.
#include "gguf/foreign_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fixtures.h"
#include "gguf/file.h"

namespace crossval {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing_support::as_span;
using testing_support::gguf_bytes;

std::string name_of(const std::string& bytes) {
  const auto foreign = foreign_file(as_span(bytes));
  if (!foreign) return {};
  EXPECT_FALSE(foreign->advice.empty());
  return foreign->name;
}

TEST(ForeignFile, OldFormatsAreNamed) {
  EXPECT_THAT(name_of("lmgg\1\0\0\0"s), HasSubstr("GGML"));
  EXPECT_THAT(name_of("fmgg\1\0\0\0"s), HasSubstr("GGMF"));
  EXPECT_THAT(name_of("tjgg\3\0\0\0"s), HasSubstr("GGJT"));
  EXPECT_THAT(name_of("algg\1\0\0\0"s), HasSubstr("LoRA adapter"));
}

TEST(ForeignFile, AnAnswerInThePlaceOfADownloadIsQuoted) {
  EXPECT_EQ(name_of("<!DOCTYPE html><html>"), "an HTML page");
  EXPECT_EQ(name_of("\xef\xbb\xbf\n <HTML lang=en>"), "an HTML page");
  EXPECT_EQ(name_of("Entry not found"), "a text file: \"Entry not found\"");
  EXPECT_EQ(name_of("{\"error\":\"no\"}"), R"(JSON text: "{\"error\":\"no\"}")");
  EXPECT_THAT(name_of("<?xml version=\"1.0\"?><Error>"), HasSubstr("XML text"));
  EXPECT_THAT(name_of(std::string(5000, '\0')), HasSubstr("zero bytes"));
}

TEST(ForeignFile, APointerSaysHowLargeTheModelIs) {
  const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4368438976\n";
  EXPECT_EQ(name_of(pointer), "a Git LFS pointer");
  EXPECT_THAT(foreign_file(as_span(pointer))->advice, HasSubstr("4368438976 bytes"));
}

TEST(ForeignFile, ASoundModelAndNoiseHaveNoName) {
  EXPECT_EQ(name_of(gguf_bytes("all.gguf")), "");
  EXPECT_EQ(name_of("\x01\x02\x03\x04\xff\xfe"), "");
  EXPECT_EQ(name_of(""), "");
  // A length that goes beyond the file is no safetensors header.
  EXPECT_EQ(name_of("\xff\xff\0\0\0\0\0\0{\"a\""s), "");
}

TEST(ForeignFile, APieceOfACutFileIsToldByItsName) {
  EXPECT_THAT(piece_advice("/m/x.Q8_0.gguf.part1of2"), HasSubstr("cat"));
  EXPECT_THAT(piece_advice("x.Q8_0.gguf-split-b"), HasSubstr("\"x.Q8_0.gguf-split-b\""));
  EXPECT_EQ(piece_advice("x-00001-of-00002.gguf"), "");
  EXPECT_EQ(piece_advice("spare.parts/x.gguf"), "");
}

/// What reading a sound file's first `size` bytes says.
Error cut_at(size_t size) {
  const std::string bytes = gguf_bytes("all.gguf").substr(0, size);
  const auto file = GgufFile::parse(as_span(bytes), "cut.gguf");
  return file ? Error{} : file.error();
}

TEST(CutFile, SaysHowManyBytesAreMissing) {
  const size_t whole = gguf_bytes("all.gguf").size();
  const Error error = cut_at(whole - 100);
  EXPECT_EQ(error.code, ExitCode::bad_input_file);
  EXPECT_THAT(error.hint, HasSubstr(" bytes are missing at the end of the file"));
  // In the header nobody knows.
  EXPECT_THAT(cut_at(20).hint, HasSubstr("truncated or damaged"));
}

TEST(JoinedFiles, AreToldFromOneWithPartsMissing) {
  const std::string path = testing::TempDir() + "joined.gguf";
  std::ofstream(path, std::ios::binary)
      << gguf_bytes("split-00001-of-00003.gguf") << gguf_bytes("split-00002-of-00003.gguf");
  const auto file = GgufFile::open(path);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(file.error().what, HasSubstr("joined into one file"));
  EXPECT_THAT(file.error().hint, HasSubstr("3 parts"));
  std::remove(path.c_str());
}

TEST(JoinedFiles, BehindAWholeModelChangeNothing) {
  const std::string whole = gguf_bytes("all.gguf");
  const std::string twice = whole + whole;
  EXPECT_TRUE(GgufFile::parse(as_span(twice), "twice.gguf").has_value());
}

}  // namespace
}  // namespace crossval
