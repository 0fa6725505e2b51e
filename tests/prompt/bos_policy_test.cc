#include "prompt/bos_policy.h"

#include <gmock/gmock.h>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PromptModelFacts model(bool add_bos) {
  PromptModelFacts facts;
  facts.bos_text = "<s>";
  facts.add_bos = add_bos;
  return facts;
}

std::vector<std::string> warnings(const BosPolicy& policy) {
  std::vector<std::string> names;
  for (const PromptWarning& warning : policy.warnings) names.push_back(warning.name);
  return names;
}

struct Case {
  Toggle toggle;
  bool file_adds, text_has, templated;
  bool add_special, prepend;
  const char* choice;
  std::vector<std::string> warned;
};

// Every combination of what is asked, what the file says, and who wrote a BOS already.
TEST(BosPolicy, Table) {
  using enum Toggle;
  const Case cases[] = {
      {automatic, true, false, false, true, false, "added", {}},
      {automatic, true, false, true, true, false, "added", {}},
      {automatic, true, true, false, true, false, "added", {"bos-doubled"}},
      {automatic, true, true, true, false, false, "not added", {}},
      {automatic, false, false, false, true, false, "not added", {}},
      {automatic, false, true, true, true, false, "not added", {}},
      {on, true, false, false, true, false, "added", {}},
      {on, true, true, true, true, false, "added", {"bos-doubled"}},
      {on, false, false, false, true, true, "added", {}},
      {on, false, true, true, true, true, "added", {"bos-doubled"}},
      {off, true, false, false, false, false, "not added", {"bos-missing"}},
      {off, true, true, true, false, false, "not added", {}},
      {off, false, false, false, false, false, "not added", {}},
  };
  for (const Case& c : cases) {
    const auto policy =
        decide_bos(c.toggle, c.text_has ? "<s>Hi" : "Hi", c.templated, true, model(c.file_adds));
    const auto trace = testing::Message()
                       << static_cast<int>(c.toggle) << c.file_adds << c.text_has << c.templated;
    EXPECT_EQ(policy.add_special, c.add_special) << trace;
    EXPECT_EQ(policy.prepend_bos, c.prepend) << trace;
    EXPECT_EQ(policy.decision.choice, c.choice) << trace;
    EXPECT_EQ(warnings(policy), c.warned) << trace;
  }
}

TEST(BosPolicy, UnparsedBosTextIsNoBos) {
  const auto policy = decide_bos(Toggle::off, "<s>Hi", true, /*parse_special=*/false, model(true));
  EXPECT_THAT(warnings(policy), ElementsAre("bos-missing"));
  EXPECT_THAT(warnings(decide_bos(Toggle::automatic, "<s>Hi", false, false, model(true))),
              IsEmpty());
}

TEST(BosPolicy, EosGoesWithTheBosAndIsSaid) {
  PromptModelFacts facts = model(true);
  facts.add_eos = true;
  EXPECT_THAT(warnings(decide_bos(Toggle::off, "<s>Hi", true, true, facts)),
              ElementsAre("eos-dropped"));
  EXPECT_THAT(warnings(decide_bos(Toggle::automatic, "<s>Hi", true, true, facts)),
              ElementsAre("eos-dropped"));
  EXPECT_THAT(warnings(decide_bos(Toggle::automatic, "Hi", true, true, facts)), IsEmpty());
}

// A template that writes it twice is told of, whoever else adds one.
TEST(BosPolicy, ABosThatTheTextHoldsTwice) {
  using enum Toggle;
  const auto message = [](Toggle toggle, const char* text, bool parse) {
    const BosPolicy policy = decide_bos(toggle, text, true, parse, model(true));
    return policy.warnings.empty() ? std::string() : policy.warnings[0].message;
  };
  EXPECT_EQ(message(automatic, "<s><s>Hi", true),
            "the prompt starts with 2 BOS tokens: the template writes <s> 2 times");
  EXPECT_EQ(
      message(on, "<s><s>Hi", true),
      "the prompt starts with 3 BOS tokens: the template writes <s> 2 times and the tokenizer "
      "adds another; --bos off leaves 2");
  EXPECT_EQ(message(automatic, "<s>Hi<s>", true), "");   // one at the start
  EXPECT_EQ(message(automatic, "<s><s>Hi", false), "");  // plain text
}

}  // namespace
}  // namespace crossval
