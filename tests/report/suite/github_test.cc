#include "report/suite/github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/suite/suites.h"

namespace crossval {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace crossval::testing;

TEST(GithubAnnotations, Whole) {
  EXPECT_EQ(
      github_annotations(suite_of_four()),
      "::error title=native%2C a%2C b%3A 50%25%3A ERROR::the engine ended (candidate); Look at "
      "it.%0Acrossval suite prompt out/nightly 'a, b: 50%25' | crossval per-token --candidate "
      "native --reference llama.cpp:kv=f32 -m m.gguf --messages -\n"
      "::error title=native%2C hello%3A DIVERGED::first divergence at position 3; 6 of 8 positions "
      "have the same most likely token, lowest cosine 0.7500000, largest KL 5.00e-01%0Acrossval "
      "suite prompt out/nightly hello | crossval per-token --candidate native --reference "
      "llama.cpp:kv=f32 -m m.gguf -f -\n");
}

TEST(GithubAnnotations, NothingWhereAllPasses) {
  EXPECT_EQ(github_annotations(passing_suite()), "");
}

TEST(GithubAnnotations, MissingShardsComeFirst) {
  EXPECT_EQ(github_annotations(suite_of_one_shard_of_two()),
            "::error title=shard 1%3A not run::shard 1 of 2 has no result\n");
}

TEST(GithubAnnotations, NoMoreThanGithubShows) {
  SuiteResult suite = suite_of_four();
  suite.prompts.assign(12, "again");
  suite.pairs[0].prompts.clear();
  for (int32_t i = 0; i < 12; ++i) suite.pairs[0].prompts.push_back(diverged_prompt(i));
  const std::string text = github_annotations(suite);
  EXPECT_EQ(std::ranges::count(text, '\n'), 11);
  EXPECT_THAT(text, EndsWith("\n::warning title=crossval::2 findings besides the 10 shown\n"));
}

TEST(GithubAnnotations, HostileNames) {
  const std::string text = github_annotations(hostile_suite());
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, StartsWith("::error title=</td></testcase>|`x`\\n%3A%3Aerror%3A%3A\\x1b[31m"));
}

}  // namespace
}  // namespace crossval
