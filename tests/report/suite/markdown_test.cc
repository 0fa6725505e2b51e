#include "report/suite/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/suite/suites.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace crossval::testing;

TEST(MarkdownReport, Whole) {
  EXPECT_EQ(markdown_report(suite_of_four()),
            R"(## ERROR: `nightly`

2 of 4 runs pass; 1 ERROR, 1 DIVERGED.

| pair | candidate | reference | prompts | passed | failed | errors | not run | worst | perplexity, candidate | perplexity, reference | mean KL | same top | ties + decisive |
|---|---|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|
| `native` | `native` | `llama.cpp:kv=f32` | 4 | 2 | 1 | 1 | 0 | ERROR | 8 ± 1 | 4 | 1.25e-02 ± 2.50e-03 | 99.99 % | - |

### The worst prompts

`a, b: 50%` under `native`: **ERROR**

```text
the engine ended (candidate); Look at it.
```

```sh
crossval suite prompt out/nightly 'a, b: 50%' | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf --messages -
```

`hello` under `native`: **DIVERGED**, first at 3

```text
first divergence at position 3; 6 of 8 positions have the same most likely token, lowest cosine 0.7500000, largest KL 5.00e-01
```

```sh
crossval suite prompt out/nightly hello | crossval per-token --candidate native --reference llama.cpp:kv=f32 -m m.gguf -f -
```
)");
}

TEST(MarkdownReport, WhatIsMissingIsSaidFirst) {
  EXPECT_THAT(markdown_report(suite_of_one_shard_of_two()),
              StartsWith("## INCOMPLETE: `nightly`\n\n1 of 2 shards has no result (1). "));
}

TEST(MarkdownReport, FiguresThatAreNotThere) {
  SuiteResult suite = passing_suite();
  suite.pairs[0].statistics = {};
  EXPECT_THAT(markdown_report(suite), HasSubstr("| MATCH | - | - | - | - | - |\n"));
  EXPECT_THAT(markdown_report(suite), Not(HasSubstr("The worst prompts")));
}

TEST(MarkdownReport, NoMoreThanTheWorst) {
  SuiteResult suite = suite_of_four();
  suite.pairs[0].prompts.clear();
  suite.prompts.clear();
  for (int32_t i = 0; i < 13; ++i) {
    suite.prompts.push_back("p" + std::to_string(i));
    suite.pairs[0].prompts.push_back(diverged_prompt(i));
  }
  const std::string text = markdown_report(suite);
  EXPECT_THAT(text, HasSubstr("`p9` under"));
  EXPECT_THAT(text, Not(HasSubstr("`p10` under")));
  EXPECT_THAT(text, HasSubstr("\nAnd 3 more.\n"));
}

TEST(MarkdownReport, HostileNames) {
  const std::string text = markdown_report(hostile_suite());
  for (const char* forbidden : {"\x1b", "\xff", "\xe2\x80\xae"})
    EXPECT_THAT(text, Not(HasSubstr(forbidden)));
  // Outside of a block: no tag, pipe or backtick of the name's own, no line of its own.
  EXPECT_THAT(text, HasSubstr("| <code>&#60;&#47;td&#62;&#60;&#47;testcase&#62;&#124;&#96;x&#96;"
                              "&#92;n&#58;&#58;error&#58;&#58;"));
  EXPECT_THAT(text, Not(HasSubstr("\n::error::")));
}

TEST(MarkdownReport, AFenceIsLongerThanWhatItHolds) {
  SuiteResult suite = suite_of_four();
  suite.prompts[0] = "````";
  EXPECT_THAT(markdown_report(suite),
              HasSubstr("`````sh\ncrossval suite prompt out/nightly '````' | "));
}

}  // namespace
}  // namespace crossval
