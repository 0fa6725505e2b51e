#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string_view>

namespace crossval {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// Expected values from FIPS 180-4's examples.
TEST(Sha256, IsTheStandardsOne) {
  Sha256 abc;
  abc.add(bytes("abc"));
  EXPECT_EQ(abc.digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256().digest(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesAreOneText) {
  Sha256 parts;
  for (const std::string_view part :
       {"abcdbcdecdefdefgefgh", "", "fghighijhijkijkljklmklmnlmnomnopnopq"})
    parts.add(bytes(part));
  EXPECT_EQ(parts.digest(), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace crossval
