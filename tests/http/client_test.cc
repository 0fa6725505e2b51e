#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Address, IsCutToWhereQuestionsAreAskedBelow) {
  for (const char* text : {"http://h:80", "http://h:80/", "http://h:80/v1", "http://h:80/v1/"}) {
    EXPECT_EQ(*checked_address(text), "http://h:80") << text;
  }
  EXPECT_EQ(*checked_address("https://h/a/v1"), "https://h/a");
  EXPECT_EQ(*checked_address("http://[::1]:8080"), "http://[::1]:8080");
}

TEST(Address, IsOfHttp) {
  for (const char* text : {"", "http://", "file:///etc/passwd", "ftp://h", "h:80", "http://h:99999",
                           "http://h/?a=b", "http://h/#a", "http://h h"}) {
    const auto address = checked_address(text);
    ASSERT_FALSE(address.has_value()) << text;
    EXPECT_EQ(address.error().code, ExitCode::usage);
  }
}

TEST(Address, HoldsNoPasswordAndShowsNone) {
  for (const char* text : {"http://me:secret@h", "https://secret@h:80/v1"}) {
    const auto address = checked_address(text);
    ASSERT_FALSE(address.has_value());
    EXPECT_THAT(address.error().message(), Not(HasSubstr("secret")));
  }
}

TEST(Key, IsOneLineOfCharacters) {
  for (const char* key : {"x y", "a\r\nHost: b", "\xC3\xA4"}) {
    const auto client = open_http_client({.address = "http://h", .key = key});
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().code, ExitCode::usage);
    EXPECT_THAT(client.error().message(), Not(HasSubstr(key)));
  }
}

TEST(Key, IsInNoQuotation) {
  const auto client = open_http_client({.address = "http://h", .key = "sk-123"});
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ((*client)->quoted("bad key sk-123, sk-123!\x1b"), R"("bad key [key], [key]!\x1b")");
  EXPECT_EQ((*client)->told("sk-123"), "[key]");
}

}  // namespace
}  // namespace crossval
