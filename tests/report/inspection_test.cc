#include "report/text/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/json/inspection.h"
#include "report/json/values.h"
#include "report/text/model_difference.h"

namespace crossval {
namespace {

using testing::HasSubstr;
using testing::Not;

Inspection example() {
  Inspection inspection;
  inspection.parts = {{"folder/m-00001-of-00002.gguf", 1500},
                      {"folder/m-00002-of-00002.gguf", 500}};
  inspection.version = 3;
  inspection.alignment = 32;
  inspection.architecture = "llama";
  inspection.name = "A\x1b[31m";
  inspection.parameters = 1234;
  inspection.tensor_count = 1;
  inspection.types = {{"Q8_0", 1, 1024, 1088}};
  inspection.metadata = {{"a.text", "string", false, 1, {std::string("caf\xe9")}},
                         {"a.list", "i32", true, 100, {int64_t{-1}, int64_t{2}}}};
  inspection.tensors = {{"t",
                         "Q8_0",
                         {32, 32},
                         1024,
                         1088,
                         64,
                         0,
                         "f0",
                         ValueSummary{1024, 3, 512, 0, -1, 2, 0.5, 0.75}}};
  inspection.weights_read = true;
  return inspection;
}

TEST(InspectionText, ShowsTheFileAndEscapesWhatItSays) {
  const std::string text = inspection_text(example(), {});
  EXPECT_THAT(text, HasSubstr("m-00001-of-00002.gguf and 1 more part, GGUF 3, 2 kB, alignment 32"));
  EXPECT_THAT(text, HasSubstr("A\\x1b[31m: llama, 1,234 parameters in 1 tensor"));
  EXPECT_THAT(text, HasSubstr("a.text  string  \"caf\\xe9\""));
  EXPECT_THAT(text, HasSubstr("a.list  i32[]   100 of them: -1 2 …"));
  EXPECT_THAT(text, HasSubstr("Q8_0        1   1,024  1.09 kB   8.5"));
  EXPECT_THAT(text, HasSubstr("t       Q8_0  32 x 32  1.09 kB   -1    2  0.75"));
  EXPECT_THAT(text, HasSubstr("findings   none\n"));
}

TEST(InspectionText, WhatAFindingQuotesIsQuotedOnce) {
  Inspection inspection = example();
  inspection.findings.push_back({"no-eos", "key\x1b", "\"llama3\" is not known"});
  EXPECT_THAT(inspection_text(inspection, {}),
              HasSubstr("findings   no-eos: key\\x1b, \"llama3\" is not known\n"));
}

TEST(InspectionText, ManyFindingsOfANameAreCounted) {
  Inspection inspection = example();
  for (int i = 0; i < 9; ++i)
    inspection.findings.push_back({"missing-tensor", "t" + std::to_string(i), "it is missing"});
  const std::string text = inspection_text(inspection, {});
  EXPECT_THAT(text, HasSubstr("missing-tensor: t4, it is missing"));
  EXPECT_THAT(text, Not(HasSubstr("t5")));
  EXPECT_THAT(text, HasSubstr("missing-tensor: 4 more"));
  EXPECT_EQ(exit_code(inspection), ExitCode::unhealthy);
  EXPECT_EQ(Json::parse(inspection_json(inspection))["findings"].size(), 9U);
}

TEST(InspectionJson, KeepsNumbersAndBytes) {
  const Json json = Json::parse(inspection_json(example()));
  EXPECT_EQ(json["status"], "ok");
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_EQ(json["metadata"][0]["value"], (Json{{"hex", "636166e9"}}));
  EXPECT_EQ(json["metadata"][1]["count"], 100);
  EXPECT_EQ(json["metadata"][1]["first"], (Json{-1, 2}));
  EXPECT_EQ(json["tensors"][0]["shape"], (Json{32, 32}));
  EXPECT_EQ(json["tensors"][0]["rms"], 0.75);
  EXPECT_EQ(json["tensors"][0]["sha256"], "f0");
  EXPECT_TRUE(json["tokenizer"].is_null());
}

TEST(DifferenceText, SaysWhatDiffers) {
  FileDifference difference;
  difference.a = "a.gguf";
  difference.b = "b.gguf";
  difference.identical.assign(7, {"same", "ab12"});
  EXPECT_THAT(difference_text(difference, {}), HasSubstr("same       7 tensors and all metadata"));
  EXPECT_EQ(exit_code(difference), ExitCode::ok);
  InspectedTensor a{.name = "t", .type = "F16", .shape = {4}, .sha256 = {}, .values = {}};
  InspectedTensor b = a;
  b.type = "Q8_0";
  const TensorChange rounded = {"type", "rounded to F16 and to Q8_0"};
  difference.tensors = {{"t", "t", a, b, TensorDistance{3, 0.5, 0.25, 0.875}, rounded},
                        {"u", "u", {}, b, {}, {}}};
  difference.facts = {{"heads", "4", "8", "other heads"}, {"width", "64", "64", "other shapes"}};
  const std::string text = difference_text(difference, {});
  EXPECT_THAT(text, HasSubstr("t       F16 4  Q8_0         3  5.00e-01  2.50e-01  0.8750000"));
  EXPECT_THAT(text, HasSubstr("u       -      Q8_0 4"));
  EXPECT_THAT(text, HasSubstr("tensors    t: type, rounded to F16 and to Q8_0\n"
                              "           u: only in the second file\n"));
  EXPECT_THAT(text, HasSubstr("heads          4      8\n"));
  EXPECT_THAT(text, Not(HasSubstr("width")));
  EXPECT_THAT(text, HasSubstr("differ     0 keys and 2 tensors; 7 tensors identical by SHA-256"));
  EXPECT_EQ(exit_code(difference), ExitCode::diverged);
  const Json json = Json::parse(difference_json(difference));
  EXPECT_EQ(json["identical_tensors"], 7);
  EXPECT_EQ(json["facts"].size(), 2U);
  EXPECT_EQ(json["tensors"][0]["change"]["name"], "type");
  EXPECT_TRUE(json["tensors"][1]["change"].is_null());
  EXPECT_EQ(json["identical"][6], (Json{{"name", "same"}, {"sha256", "ab12"}}));
}

TEST(DifferenceText, TensorsOfAKindAreOneLineAndMoreAreCounted) {
  FileDifference difference;
  for (const char* name : {"blk.0.a", "blk.1.a"})
    difference.tensors.push_back({name, "blk.*.a", {}, {}, {}, TensorChange{"sign", "all"}});
  for (const char* name : {"x", "y"})
    difference.tensors.push_back({name, name, {}, {}, {}, TensorChange{"noise", "by a little"}});
  const std::string text = tensor_changes_text(difference, {"candidate", "reference"}, 2, {});
  EXPECT_EQ(text,
            "tensors    blk.*.a (2 tensors): sign, all\n"
            "           x: noise, by a little\n"
            "           1 more tensor\n");
  EXPECT_EQ(equal_tensors_text(difference), "0 of 4 tensors are equal");
  difference.metadata.assign(3, {"general.name", {}, {}});
  EXPECT_EQ(differing_keys_text(difference, 2), "general.name, general.name and 1 more differ");
}

}  // namespace
}  // namespace crossval
