#include "protocol/crc32.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol/payload.h"

namespace crossval::protocol {
namespace {

uint32_t of(std::string_view text, uint32_t before = 0) { return crc32(bytes_of(text), before); }

// Python's zlib.crc32.
TEST(Crc32, IsZlibs) {
  EXPECT_EQ(of(""), 0U);
  EXPECT_EQ(of("123456789"), 0xcbf43926U);  // the check value of every table of CRCs
  EXPECT_EQ(of("a"), 0xe8b7be43U);
  EXPECT_EQ(of("The quick brown fox jumps over the lazy dog"), 0x414fa339U);
}

TEST(Crc32, GoesOnWhereItStopped) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(of(text.substr(cut), of(text.substr(0, cut))), 0x414fa339U) << cut;
  }
}

}  // namespace
}  // namespace crossval::protocol
