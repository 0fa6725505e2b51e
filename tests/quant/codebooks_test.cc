// The generated codebooks are those of the gguf package: hashes from generate_codebooks.py
// --sha256.
#include "quant/codebooks.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>

namespace crossval {
namespace {

template <class Entry, size_t kCount>
std::string sha256(const Entry (&table)[kCount]) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(table), sizeof table, digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

TEST(Codebooks, AreThoseOfTheGgufPackage) {
  EXPECT_EQ(sha256(kIq2XxsGrid),
            "05826b5d3e472a3a78f196be62ac78acf81df0f909626e12ab9fa2a5d490dd54");
  EXPECT_EQ(sha256(kIq2XsGrid), "06e47aaca60b4dc1d9b5a3f34540437058a6b142b4d7a59d5ded769b4d1bf1de");
  EXPECT_EQ(sha256(kIq2SGrid), "e1aa1473412b0552c2174c30ef22ab4073f6a181b85a17056e8249bd2932fd88");
  EXPECT_EQ(sha256(kIq3XxsGrid),
            "46e35f5a997efdee6c99ce57854c8a0d4f0ff8ca57e5e8a60c0793ea580acf5d");
  EXPECT_EQ(sha256(kIq3SGrid), "bd1af4945a1717c65610b0284e4628b9a1ba3b306fae3a06f6e5f597356e349f");
  EXPECT_EQ(sha256(kIq1Grid), "07540ffc1aeaf6ad4d97e96b0fcc765aae39671d4ae4a27bbd0e796fde167c6a");
}

}  // namespace
}  // namespace crossval
