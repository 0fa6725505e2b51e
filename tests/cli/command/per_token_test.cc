// Everything that is refused before an engine is made.
#include "cli/command/per_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/captured_console.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using testing::run_captured;

struct Refusal {
  std::vector<std::string> words;  // after per-token
  std::vector<std::string> said;
};

class PerTokenUsage : public ::testing::TestWithParam<Refusal> {};

TEST_P(PerTokenUsage, TextAndJson) {
  std::vector<std::string> words{"per-token"};
  words.insert(words.end(), GetParam().words.begin(), GetParam().words.end());
  const auto text = run_captured(words);
  EXPECT_EQ(text.code, 64);
  EXPECT_EQ(text.out, "");
  words.emplace_back("--format=json");
  const auto json = run_captured(words);
  EXPECT_EQ(json.code, 64);
  const auto document = nlohmann::json::parse(json.out);
  EXPECT_EQ(document["exit_code"], 64);
  for (const std::string& each : GetParam().said) {
    EXPECT_THAT(text.err, HasSubstr(each));
    EXPECT_THAT(document["error"].dump(-1, ' ', false),
                HasSubstr(nlohmann::json(each).dump().substr(1, each.size())));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PerTokenUsage,
    ::testing::Values(
        Refusal{{"-p", "x"}, {"no model given", "-m FILE.gguf"}},
        Refusal{{"-p", "x", "--candidate", "native:model=a.gguf"},
                {"no model given", "llama.cpp:model="}},
        Refusal{{"-m", "x", "-p", "x", "--candidate", "nativ"}, {"Did you mean native?"}},
        Refusal{{"-m", "x", "-p", "x", "--candidate", "native:colour=red"},
                {"there is no key", "colour", "model, threads, batch, kv, fault, tokenizer"}},
        Refusal{{"-m", "x", "-p", "x", "--reference", "llama.cpp:profil=production"},
                {"Did you mean profile?"}},
        Refusal{{"-m", "x", "-p", "x", "--candidate", "llama.cpp", "--tokenizer", "t.json"},
                {"there is no key", "tokenizer"}},
        Refusal{{"-m", "x", "-p", "x", "--candidate", "native:kv"}, {"is not key=value"}},
        Refusal{{"-m", "x", "-p", "x", "--cos-tol", "2"}, {"--cos-tol 2"}},
        Refusal{{"-m", "x", "-p", "x", "--cos-tol", "nan"}, {"--cos-tol nan"}},
        Refusal{{"-m", "x", "-p", "x", "--require", "luck"}, {"--require"}},
        Refusal{{"-m", "x", "-p", "x", "--require", "bits", "--cos-tol", "0.9"},
                {"--cos-tol changes nothing with --require bits"}},
        Refusal{{"-m", "x", "-p", "x", "--kv", "f8"}, {"--kv"}},
        Refusal{{"-m", "x", "-p", "x", "-t", "0"}, {"--threads"}},
        Refusal{{"-m", "x", "-p", "x", "--max-tokens", "-1"}, {"--max-tokens"}},
        Refusal{{"-m", "x", "-p", "x", "--bos", "maybe"}, {"--bos", "maybe"}},
        Refusal{{"-m", "x", "-p", "x", "--chat", "--prompt-template", "raw"}, {"--chat"}},
        Refusal{{"-m", "x", "-p", "x", "--all", "surplus"}, {"surplus"}}));

TEST(PerTokenCommand, AModelThatIsNotThere) {
  const auto run = run_captured({"per-token", "-m", "/nonexistent/a.gguf", "-p", "x", "-q"});
  EXPECT_EQ(run.code, 5);
  EXPECT_THAT(run.err, HasSubstr("/nonexistent/a.gguf"));
}

}  // namespace
}  // namespace crossval
