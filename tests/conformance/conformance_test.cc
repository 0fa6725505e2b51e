// The program is tests/process/fake_worker.cc, which takes any setting and any request; each rule
// by itself is in tests/e2e/test_conformance.py.
#include "conformance/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>

namespace crossval {
namespace {

using testing::Contains;

Result<Conformance> check(const std::string& mode, std::stop_token stop = {}) {
  return check_conformance({.name = "exec:fake",
                            .arguments = {CROSSVAL_FAKE_WORKER, mode},
                            .settings = {{"model", "m.gguf"}},
                            .stop = std::move(stop)},
                           [](std::string_view) {});
}

std::vector<std::string> names(const Conformance& found, Keeping keeping) {
  std::vector<std::string> result;
  for (const ConformanceItem& item : found.items)
    if (item.keeping == keeping) result.push_back(item.name);
  return result;
}

TEST(Conformance, WhatIsBrokenIsNamedAndTheRestIsKept) {
  const auto found = check("good");
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_EQ(found->engine.identity.name, "fake");
  EXPECT_EQ(exit_code(*found), ExitCode::diverged);
  const auto broken = names(*found, Keeping::broken);
  EXPECT_THAT(broken, Contains("unknown-setting"));
  EXPECT_THAT(broken, Contains("kv-type"));  // it names that of keys alone
  EXPECT_THAT(broken, Contains("gap"));
  const auto kept = names(*found, Keeping::kept);
  for (const char* name : {"ready", "settings", "rows", "same-bits", "last-row"})
    EXPECT_THAT(kept, Contains(name));
}

TEST(Conformance, ARowOfTheWrongWidthBreaksTheRows) {
  const auto found = check("wide-row");
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(names(*found, Keeping::broken), Contains("rows"));
  EXPECT_THAT(names(*found, Keeping::kept), Contains("settings"));
}

TEST(Conformance, WhatDoesNotStartIsNotCheckedFurther) {
  const auto found = check("start-crash");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(names(*found, Keeping::broken), std::vector<std::string>{"ready"});
  EXPECT_TRUE(names(*found, Keeping::kept).empty());
  EXPECT_THAT(found->items[0].why, testing::HasSubstr("SIGSEGV"));
  EXPECT_TRUE(found->engine.identity.name.empty());
}

TEST(Conformance, WhatIsNotClaimedIsNotChecked) {
  const auto found = check("learned");  // names no capabilities
  ASSERT_TRUE(found.has_value());
  const auto left_out = names(*found, Keeping::not_checked);
  for (const char* name : {"continues", "tokenize", "trace", "selection"})
    EXPECT_THAT(left_out, Contains(name));
}

TEST(Conformance, StopsWhenItIsAskedTo) {
  std::stop_source source;
  source.request_stop();
  const auto found = check("good", source.get_token());
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ExitCode::interrupted);
}

}  // namespace
}  // namespace crossval
