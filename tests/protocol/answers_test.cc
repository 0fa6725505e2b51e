#include "protocol/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crossval::protocol {
namespace {

using testing::ElementsAre;

// Printed by tests/golden/make_frames_corpus.py.
constexpr const char* kSources =
    "13000000626c6b2e302e6174746e5f712e7765696768740f0000006174746e5f6e6f726d2d30204d554c";
constexpr const char* kTensor =
    "000000000000000000000000020000000200000000000000020000000000000004000000070000006b712d304d554c"
    "5f4d41540000803f000000400000404000008040";
constexpr const char* kPieces = "010000006100000000020000006263";

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<std::byte> bytes_in(const PayloadWriter& payload) {
  return {payload.bytes().begin(), payload.bytes().end()};
}

TEST(Answer, SourcesAreAsDocumented) {
  TraceTensor sent;
  sent.weight = "blk.0.attn_q.weight";
  sent.inputs = {"attn_norm-0 MUL"};
  EXPECT_EQ(bytes_in(sources_of(sent)), from_hex(kSources));
  TraceTensor read;
  ASSERT_TRUE(parse_sources(from_hex(kSources), read));
  EXPECT_EQ(read.weight, sent.weight);
  EXPECT_EQ(read.inputs, sent.inputs);
}

TEST(Answer, TensorIsAsDocumented) {
  const std::vector<float> values = {1, 2, 3, 4};
  const TraceTensor sent = {.name = "kq-0",
                            .op = "MUL_MAT",
                            .layer = 0,
                            .positions = 2,
                            .width = 2,
                            .heads = 2,
                            .data = values};
  PayloadWriter payload = head_of(sent);
  payload.put(bytes_of(sent.data));
  EXPECT_EQ(bytes_in(payload), from_hex(kTensor));
  TraceTensor read;
  std::vector<float> taken;
  ASSERT_TRUE(parse_tensor(from_hex(kTensor), 2, read, taken));
  EXPECT_EQ(bytes_in(head_of(read)), bytes_in(head_of(sent)));
  EXPECT_THAT(read.data, ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(parse_tensor(from_hex(kTensor), 1, read, taken));  // its second position is beyond
}

TEST(Answer, PiecesAreAsDocumented) {
  const std::vector<std::string> sent = {"a", "", "bc"};
  EXPECT_EQ(bytes_in(payload_of(sent)), from_hex(kPieces));
  std::vector<std::string> read;
  ASSERT_TRUE(parse_pieces(from_hex(kPieces), 3, read));
  EXPECT_EQ(read, sent);
  EXPECT_FALSE(parse_pieces(from_hex(kPieces), 2, read));
  EXPECT_FALSE(parse_pieces(from_hex(kPieces), 4, read));
}

TEST(Answer, NothingShorterIsRead) {
  TraceTensor tensor;
  std::vector<float> values;
  std::vector<std::string> pieces;
  const auto sources = from_hex(kSources), whole = from_hex(kTensor), texts = from_hex(kPieces);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_tensor(Bytes(whole).first(size), 2, tensor, values)) << size;
  for (size_t size = 0; size < texts.size(); ++size)
    EXPECT_FALSE(parse_pieces(Bytes(texts).first(size), 3, pieces)) << size;
  // The weight alone is an answer; inputs end the payload.
  for (size_t size = 0; size < sources.size(); ++size)
    EXPECT_EQ(parse_sources(Bytes(sources).first(size), tensor), size == 4 + 19) << size;
}

}  // namespace
}  // namespace crossval::protocol
