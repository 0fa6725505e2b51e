#include "base/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace crossval {
namespace {

TEST(Environment, AVariableThatIsNotSetIsEmpty) {
  ::setenv("CROSSVAL_TEST_VARIABLE", "a b", 1);
  EXPECT_EQ(environment_variable("CROSSVAL_TEST_VARIABLE"), "a b");
  ::unsetenv("CROSSVAL_TEST_VARIABLE");
  EXPECT_EQ(environment_variable("CROSSVAL_TEST_VARIABLE"), "");
}

TEST(Environment, HomeStandsForALeadingTilde) {
  const std::string home = environment_variable("HOME");
  EXPECT_EQ(with_home("~/a/b.gguf"), home + "/a/b.gguf");
  EXPECT_EQ(with_home("~"), home);
  EXPECT_EQ(with_home("~other/a"), "~other/a");
  EXPECT_EQ(with_home("a/~/b"), "a/~/b");
  EXPECT_EQ(with_home(""), "");
}

}  // namespace
}  // namespace crossval
