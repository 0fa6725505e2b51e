#include "suite/suite_file.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Whatever folder a shard is started in.
std::string absolute(const char* path) { return std::filesystem::absolute(path).string(); }

std::string with(const std::string& members) {
  return R"({"pairs": [{"candidate": "native", "reference": "llama.cpp"}], "prompts": [{"set": "smoke"}],
)" + members +
         "}";
}

Error refusal(const std::string& text) {
  const auto suite = parse_suite(text, "dir/s.json");
  EXPECT_FALSE(suite);
  return suite ? Error{} : suite.error();
}

TEST(SuiteFile, TheLeastThatIsNeeded) {
  const auto suite = parse_suite(with("\"$schema\": \"x\""), "dir/s.json");
  ASSERT_TRUE(suite) << suite.error().message();
  EXPECT_EQ(suite->name, "s");
  ASSERT_EQ(suite->pairs.size(), 1U);
  EXPECT_EQ(suite->pairs[0].name, "native beside llama.cpp");
  EXPECT_EQ(suite->pairs[0].max_tokens, 4);
  EXPECT_EQ(suite->shards, 1);
}

// Every model for every pair that names none; paths are taken from the file's folder.
TEST(SuiteFile, PairsTimesModels) {
  const auto suite = parse_suite(R"({
    "models": {"a": "a.gguf", "b": "/m/b.gguf"},
    "max_tokens": 7, "require": "bits",
    "pairs": [{"candidate": "native", "reference": "llama.cpp"},
              {"name": "one", "candidate": "native", "reference": "oracle", "model": "b", "require": "cos",
               "cos_tol": 0.99, "max_tokens": 0}],
    "prompts": [{"file": "p.jsonl"}, {"folder": "texts"}]})",
                                 "dir/s.json");
  ASSERT_TRUE(suite) << suite.error().message();
  std::vector<std::string> names, models, requirements;
  for (const SuitePair& pair : suite->pairs) {
    names.push_back(pair.name);
    models.push_back(pair.model);
    requirements.push_back(pair.require);
  }
  EXPECT_THAT(names,
              ElementsAre("native beside llama.cpp on a", "native beside llama.cpp on b", "one"));
  EXPECT_THAT(models, ElementsAre(absolute("dir/a.gguf"), "/m/b.gguf", "/m/b.gguf"));
  EXPECT_THAT(requirements, ElementsAre("bits", "bits", "cos"));
  EXPECT_EQ(suite->pairs[2].cos_tol, 0.99);
  EXPECT_EQ(suite->pairs[0].max_tokens, 7);
  EXPECT_EQ(suite->pairs[2].max_tokens, 0);
  EXPECT_EQ(suite->prompts[0].file, absolute("dir/p.jsonl"));
  EXPECT_EQ(suite->prompts[1].folder, absolute("dir/texts"));
}

TEST(SuiteFile, PromptFormOfAll) {
  const auto suite =
      parse_suite(with(R"("prompt_template": "auto", "system_prompt": "Be brief.", "bos": "off",
      "chat_template_kwargs": {"enable_thinking": false})"),
                  "s.json");
  ASSERT_TRUE(suite) << suite.error().message();
  EXPECT_EQ(suite->prompt.template_name, "auto");
  EXPECT_EQ(suite->prompt.system, "Be brief.");
  EXPECT_EQ(suite->prompt.bos, Toggle::off);
  EXPECT_EQ(suite->prompt.kwargs, "{\"enable_thinking\":false}");
}

struct Fault {
  const char* text;
  const char* what;
  const char* where;
};

class SuiteFileFault : public ::testing::TestWithParam<Fault> {};

TEST_P(SuiteFileFault, IsToldWithLineAndKey) {
  const Error error = refusal(GetParam().text);
  EXPECT_EQ(error.code, ExitCode::bad_input_file);
  EXPECT_THAT(error.what, HasSubstr(GetParam().what));
  EXPECT_EQ(error.where, std::string("dir/s.json") + GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    All, SuiteFileFault,
    ::testing::Values(
        Fault{"[]", "no JSON object", ""}, Fault{"{}", "\"pairs\" is missing", ""},
        Fault{"{\"pairs\": 3}", "no list", ", line 1, key pairs"},
        Fault{"{\"pairs\": [],\n\"prompts\": [{\"set\": \"smoke\"}]}", "empty",
              ", line 1, key pairs"},
        Fault{"{\"pairs\": [\n7]}", "no JSON object", ", line 2, key pairs[0]"},
        Fault{"{\"pairs\": [{\"candidate\": \"native\"}]}", "\"reference\" is missing",
              ", line 1, key pairs[0]"},
        Fault{"{\n\"pairs\": [{\"candidate\": 1, \"reference\": \"native\"}]}", "no string",
              ", line 2, key pairs[0].candidate"},
        Fault{"{\n\"pairs\": [{\"candidate\": \"nativ\", \"reference\": \"native\"}]}", "nativ",
              ", line 2, key pairs[0].candidate"},
        Fault{"{\n\"pairs\": [{\"candidate\": \"native:kvs=f16\", \"reference\": \"native\"}]}",
              "kvs", ", line 2, key pairs[0].candidate"},
        Fault{"{\"promts\": 1}", "not known", ", line 1, key promts"},
        Fault{"{\"shards\": 0}", "whole number from 1", ", line 1, key shards"},
        Fault{"{\"shards\": 1.5}", "whole number from 1", ", line 1, key shards"},
        Fault{"{\"cos_tol\": 2}", "number from -1 to 1", ", line 1, key cos_tol"},
        Fault{"{\"require\": \"nearly\"}", "none of cos, bits, floor", ", line 1, key require"},
        Fault{"{\"models\": {\"a\": 1}}", "no string", ", line 1, key models"}));

TEST(SuiteFile, NamesAreUnique) {
  const Error error = refusal(R"({"pairs": [{"candidate": "native", "reference": "native"},
{"candidate": "native", "reference": "native"}], "prompts": [{"set": "smoke"}]})");
  EXPECT_THAT(error.what, HasSubstr("another pair"));
  EXPECT_THAT(error.where, HasSubstr("line 2, key pairs[1]"));
}

TEST(SuiteFile, AModelThatIsNotThereIsTold) {
  const Error error = refusal(R"({"models": {"small": "s.gguf"}, "pairs": [{"candidate": "native",
"reference": "native", "model": "smal"}], "prompts": [{"set": "smoke"}]})");
  EXPECT_THAT(error.what, HasSubstr("no model \"smal\""));
  EXPECT_THAT(error.hint, HasSubstr("small"));
}

TEST(SuiteFile, APromptSetIsOneThing) {
  EXPECT_THAT(refusal(R"({"pairs": [{"candidate": "native", "reference": "native"}],
"prompts": [{"set": "smoke", "file": "x"}]})")
                  .what,
              HasSubstr("exactly one"));
  EXPECT_THAT(refusal(R"({"pairs": [{"candidate": "native", "reference": "native"}],
"prompts": [{"set": "smok"}]})")
                  .what,
              HasSubstr("no set \"smok\""));
}

TEST(SuiteFile, AFetchedSetIsKnownAndBothKindsAreNamed) {
  const auto suite = parse_suite(R"({"pairs": [{"candidate": "native", "reference": "native"}],
"prompts": [{"set": "smoke"}, {"set": "code"}]})",
                                 "s.json");
  ASSERT_TRUE(suite) << suite.error().message();
  EXPECT_EQ(suite->prompts[1].set, "code");
  EXPECT_EQ(refusal(R"({"pairs": [{"candidate": "native", "reference": "native"}],
"prompts": [{"set": "cod"}]})")
                .hint,
            "There are: smoke, naughty, code, languages, calib.");
}

TEST(SuiteFile, AMistypedKeyIsGuessed) {
  EXPECT_EQ(refusal("{\"prompt\": []}").hint, "Did you mean prompts?");
}

}  // namespace
}  // namespace crossval
