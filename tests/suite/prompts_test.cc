#include "suite/prompts.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "suite/built_in_prompts.h"
#include "suite/suite_file.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;

TEST(PromptLines, TextsMessagesAndNames) {
  const auto prompts = parse_prompt_lines(
      "{\"text\": \"a\\nb\"}\n\r\n"
      "{\"task_id\": \"HumanEval/0\", \"prompt\": \"def f():\", \"entry_point\": \"f\"}\n"
      "{\"id\": \"chat\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"tools\": "
      "[]}",
      "dir/p.jsonl");
  ASSERT_TRUE(prompts) << prompts.error().message();
  ASSERT_EQ(prompts->size(), 3U);
  EXPECT_EQ((*prompts)[0].id, "p.jsonl:1");
  EXPECT_EQ((*prompts)[0].text, "a\nb");
  EXPECT_EQ((*prompts)[1].id, "HumanEval/0");
  EXPECT_EQ((*prompts)[1].text, "def f():");
  EXPECT_EQ((*prompts)[2].id, "chat");
  EXPECT_TRUE((*prompts)[2].kind == PromptKind::messages);
  EXPECT_EQ((*prompts)[2].text, R"({"messages":[{"role":"user","content":"hi"}],"tools":[]})");
}

TEST(PromptLines, WhatIsNestedTooDeepIsRefused) {
  const std::string deep =
      "{\"messages\": " + std::string(100000, '[') + std::string(100000, ']') + "}";
  const auto prompts = parse_prompt_lines(deep, "p.jsonl");
  ASSERT_FALSE(prompts);
  EXPECT_THAT(prompts.error().what, HasSubstr("nested too deep"));
}

TEST(PromptLines, AreReadBackAsTheyWere) {
  const std::vector<SuitePrompt> prompts = {
      {"a", "  blank,\ttab\n\"quote\" ü 水 \x01"},
      {"b", R"({"messages":[{"role":"user","content":"hi"}]})", PromptKind::messages},
      {"c", R"([{"role":"user","content":"a list alone"}])", PromptKind::messages},
  };
  const auto again = parse_prompt_lines(prompt_lines(prompts), "p.jsonl");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ((*again)[0].text, prompts[0].text);
  EXPECT_EQ((*again)[1].text, prompts[1].text);
  EXPECT_EQ((*again)[2].text, R"({"messages":[{"role":"user","content":"a list alone"}]})");
  EXPECT_EQ(prompt_lines(*again), prompt_lines(prompts));
}

struct BadLine {
  const char* text;
  const char* what;
  const char* where;
};

class BadPromptLine : public ::testing::TestWithParam<BadLine> {};

TEST_P(BadPromptLine, IsToldWithItsNumber) {
  const auto prompts = parse_prompt_lines(GetParam().text, "p.jsonl");
  ASSERT_FALSE(prompts);
  EXPECT_EQ(prompts.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(prompts.error().what, HasSubstr(GetParam().what));
  EXPECT_EQ(prompts.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadPromptLine,
    ::testing::Values(BadLine{"{\"text\": \"a\"}\n{", "no JSON", "p.jsonl, line 2"},
                      BadLine{"7", "no JSON object", "p.jsonl, line 1"},
                      BadLine{"{\"text\": \"\"}", "empty", "p.jsonl, line 1"},
                      BadLine{"{\"id\": \"a\"}", "no prompt", "p.jsonl, line 1"},
                      BadLine{"{\"messages\": []}", "no prompt", "p.jsonl, line 1"},
                      BadLine{"{\"text\": \"\xff\"}", "no JSON", "p.jsonl, line 1"},
                      BadLine{"\n\n", "no prompt", "p.jsonl"}));

class PromptFolder : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(folder_->path()) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(PromptFolder, FilesAreCalledByTheirPlaceAndComeInOrder) {
  write("b.txt", "second");
  write("a/z.txt", "first\n");
  write("chat.json", "[{\"role\": \"user\", \"content\": \"x\"}]");
  const PromptSet set{.folder = folder_->path(), .where = "s.json"};
  const auto prompts = read_prompts({&set, 1}, {});
  ASSERT_TRUE(prompts) << prompts.error().message();
  ASSERT_EQ(prompts->size(), 3U);
  EXPECT_EQ((*prompts)[0].id, "a/z.txt");
  EXPECT_EQ((*prompts)[0].text, "first\n");
  EXPECT_EQ((*prompts)[1].id, "b.txt");
  EXPECT_TRUE((*prompts)[2].kind == PromptKind::messages);
}

TEST_F(PromptFolder, BytesThatAreNotTextAreRefused) {
  write("a.txt", "caf\xe9");
  const PromptSet set{.folder = folder_->path(), .where = "s.json"};
  const auto prompts = read_prompts({&set, 1}, {});
  ASSERT_FALSE(prompts);
  EXPECT_THAT(prompts.error().what, HasSubstr("UTF-8"));
}

TEST_F(PromptFolder, AnEmptyFolderAndAMissingOneAreRefused) {
  const PromptSet empty{.folder = folder_->path(), .where = "s.json"};
  EXPECT_FALSE(read_prompts({&empty, 1}, {}));
  const PromptSet missing{.folder = folder_->path() + "/no", .where = "s.json"};
  EXPECT_FALSE(read_prompts({&missing, 1}, {}));
}

TEST(Prompts, TwoOfOneNameAreRefused) {
  const std::vector<PromptSet> sets = {{.set = "smoke", .where = "s.json, line 1"},
                                       {.set = "smoke", .where = "s.json, line 2"}};
  const auto prompts = read_prompts(sets, {});
  ASSERT_FALSE(prompts);
  EXPECT_THAT(prompts.error().what, HasSubstr("smoke/prose"));
  EXPECT_EQ(prompts.error().where, "s.json, line 2");
}

}  // namespace
}  // namespace crossval
