#include "suite/fetched_prompts.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"

namespace crossval {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kLines =
    "{\"id\": \"made/0\", \"text\": \"one\"}\n{\"id\": \"made/1\", \"text\": \"two\"}\n";
// sha256sum of kLines
constexpr FetchedPromptSet kMade{
    .name = "made",
    .sha256 = "2891102f97e9baf60d6a1b2afc60e8d99be2708a172a0450f30fdfb2bc728566",
    .licence = "MIT",
    .prompts = 2};

class FetchedPrompts : public ::testing::Test {
 protected:
  void write(const std::string& text) {
    const std::filesystem::path folder = std::filesystem::path(cache_->path()) / "prompts";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "made.jsonl", std::ios::binary) << text;
  }
  Result<TempFolder> cache_ = TempFolder::make();
};

TEST_F(FetchedPrompts, AreReadFromTheCache) {
  write(kLines);
  const auto prompts = fetched_prompts(kMade, cache_->path());
  ASSERT_TRUE(prompts) << prompts.error().message();
  ASSERT_EQ(prompts->size(), kMade.prompts);
  EXPECT_EQ((*prompts)[1].id, "made/1");
  EXPECT_EQ((*prompts)[1].text, "two");
}

TEST_F(FetchedPrompts, WhatHasNotBeenFetchedIsToldWithTheCommand) {
  const auto prompts = fetched_prompts("code", cache_->path());
  ASSERT_FALSE(prompts);
  EXPECT_EQ(prompts.error().code, ExitCode::bad_input_file);
  EXPECT_EQ(prompts.error().what, "the prompt set \"code\" has not been fetched");
  EXPECT_THAT(prompts.error().where, EndsWith("/prompts/code.jsonl"));
  EXPECT_THAT(prompts.error().hint, HasSubstr("scripts/prompt_sets.py code\n"));
  EXPECT_THAT(prompts.error().hint, HasSubstr("164 prompts (MIT)"));
}

TEST_F(FetchedPrompts, AnotherFileIsRefused) {
  write(std::string(kLines) + "{\"id\": \"made/2\", \"text\": \"three\"}\n");
  const auto prompts = fetched_prompts(kMade, cache_->path());
  ASSERT_FALSE(prompts);
  EXPECT_EQ(prompts.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(prompts.error().what, HasSubstr("SHA-256"));
  EXPECT_THAT(prompts.error().hint, HasSubstr("scripts/prompt_sets.py made\n"));
}

TEST(FetchedPromptSets, AreKnownByName) {
  EXPECT_THAT(fetched_prompt_sets(),
              ::testing::ElementsAre("naughty", "code", "languages", "calib"));
  EXPECT_TRUE(is_fetched_prompt_set("calib"));
  EXPECT_FALSE(is_fetched_prompt_set("smoke"));
  EXPECT_FALSE(is_fetched_prompt_set("made"));
}

}  // namespace
}  // namespace crossval
