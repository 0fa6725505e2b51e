#include "names/names_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

NamesFile parsed(std::string_view text) {
  auto file = NamesFile::parse(text, "names.json");
  EXPECT_TRUE(file.has_value()) << file.error().message();
  return file.value_or(NamesFile());
}

TraceTensor tensor(const std::string& name, const std::string& op, int32_t occurrence = 0) {
  return {.name = name, .op = op, .occurrence = occurrence, .data = {}};
}

std::vector<std::string> labels(const std::vector<GivenName>& names) {
  std::vector<std::string> all;
  for (const GivenName& n : names) all.push_back(label_of(n.name, n.op, n.occurrence));
  return all;
}

TEST(NamesFile, ATensorIsFoundByItsNameOrByItsLabel) {
  const NamesFile file = parsed(R"({"final": "result_norm MUL", "x ADD #2": "l_out-0 ADD"})");
  EXPECT_THAT(labels(file.names_of(tensor("final", "whatever"))), ElementsAre("result_norm MUL"));
  EXPECT_THAT(labels(file.names_of(tensor("x", "ADD", 1))), ElementsAre("l_out-0 ADD"));
  EXPECT_THAT(file.names_of(tensor("x", "ADD")), IsEmpty());
  EXPECT_THAT(file.names_of(tensor("y", "ADD", 1)), IsEmpty());
}

TEST(NamesFile, TheMarkStandsForALayer) {
  const NamesFile file = parsed(R"({"layers.{N}.norm": "norm-{N} RMS_NORM #2"})");
  EXPECT_THAT(labels(file.names_of(tensor("layers.13.norm", "x"))),
              ElementsAre("norm-13 RMS_NORM #2"));
  EXPECT_THAT(file.names_of(tensor("layers.x.norm", "x")), IsEmpty());
  EXPECT_THAT(file.names_of(tensor("layers..norm", "x")), IsEmpty());
  EXPECT_THAT(file.sources_of("norm-7"), ElementsAre("layers.7.norm"));
  EXPECT_THAT(file.sources_of("norm"), IsEmpty());
}

TEST(NamesFile, ColumnsMakeSeveralOfOne) {
  const NamesFile file = parsed(R"({"qkv {N}": [{"name": "Qcur-{N} MUL_MAT", "columns": [0, 4]},
                                                {"name": "Kcur-{N} MUL_MAT", "columns": [4, 6]}]})");
  const auto names = file.names_of(tensor("qkv", "5"));
  EXPECT_THAT(labels(names), ElementsAre("Qcur-5 MUL_MAT", "Kcur-5 MUL_MAT"));
  ASSERT_TRUE(names[1].columns.has_value());
  EXPECT_EQ(names[1].columns->first, 4);
  EXPECT_EQ(names[1].columns->end, 6);
  EXPECT_TRUE(file.cuts());
  EXPECT_FALSE(parsed(R"({"a": "b C"})").cuts());
}

TEST(NamesFile, WhatItWritesItReads) {
  const std::string text = R"({"a": "b C", "q{N}": [{"name": "Q-{N} ADD #3", "columns": [1, 9]},
                                                    "K-{N} ADD"]})";
  const NamesFile file = parsed(text);
  EXPECT_EQ(names_text(parsed(names_text(file.entries())).entries()), names_text(file.entries()));
  EXPECT_THAT(names_text(file.entries()), HasSubstr("Q-{N} ADD #3"));
}

TEST(NamesFile, WhatIsWrongIsNamedWithItsPlace) {
  const std::pair<const char*, const char*> wrong[] = {
      {"{", "no JSON"},
      {"[1]", "no JSON object"},
      {R"({"a": "b"})", "a name is no \"NAME OP\""},
      {R"({"a": "b C D"})", "a name is no \"NAME OP\""},
      {R"({"a": "b C #1"})", "a name is no \"NAME OP\""},
      {R"({"a": 7})", "a name is no \"NAME OP\""},
      {R"({"a{N}": "b C"})", "{N} stands on one side alone"},
      {R"({"a": "b-{N} C"})", "{N} stands on one side alone"},
      {R"({"a": {"name": "b C", "columns": [4, 4]}})", "columns are no [FIRST, END]"},
      {R"({"a": {"name": "b C", "columns": [-1, 4]}})", "columns are no [FIRST, END]"},
      {R"({"a": {"name": "b C", "columns": [0, 4294967296]}})", "columns are no [FIRST, END]"},
      {R"({"a": {"name": "b C", "rows": [0, 4]}})", "columns are no [FIRST, END]"},
      {R"({"a": "b C", "d": "b C"})", "is given twice"},
  };
  for (const auto& [text, what] : wrong) {
    const auto file = NamesFile::parse(text, "names.json");
    ASSERT_FALSE(file.has_value()) << text;
    EXPECT_EQ(file.error().code, ExitCode::usage);
    EXPECT_THAT(file.error().message(), HasSubstr(what)) << text;
    EXPECT_THAT(file.error().message(), HasSubstr("names.json")) << text;
  }
}

TEST(Labels, AreTakenApart) {
  const auto label = parse_label("norm-0 RMS_NORM #2");
  ASSERT_TRUE(label.has_value());
  EXPECT_EQ(label->name, "norm-0");
  EXPECT_EQ(label->op, "RMS_NORM");
  EXPECT_EQ(label->occurrence, 1);
  EXPECT_EQ(layer_of("Qcur-31"), 31);
  EXPECT_EQ(layer_of("result_norm"), -1);
  EXPECT_EQ(layer_of("a-b"), -1);
  EXPECT_TRUE(is_called({.name = "Qcur-{N}", .op = "ROPE"}, "Qcur-2 ROPE"));
  EXPECT_FALSE(is_called({.name = "Qcur-{N}", .op = "ROPE"}, "Qcur-2 ADD"));
}

}  // namespace
}  // namespace crossval
