#include "protocol/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/payload.h"

namespace crossval::protocol {
namespace {

using testing::ElementsAre;

// Printed by tests/golden/make_frames_corpus.py: Python's struct and libxxhash.
constexpr const char* kDone = "5856414c0200870001000000a5c62171b857763100";
constexpr const char* kDoneCrc32 = "5856414c020087000100000039a9dc420000000000";  // zlib.crc32
constexpr const char* kRow = "5856414c020085000c0000001bc896585a4e3ed4050000000000c03f000000c0";
constexpr const char* kHello = "5856414c010001000000000080864638522166f3";

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    for (const int digit : {std::to_integer<int>(byte) >> 4, std::to_integer<int>(byte) & 15}) {
      text += "0123456789abcdef"[digit];
    }
  }
  return text;
}

std::vector<std::byte> row_payload() {
  const std::vector<float> logits = {1.5F, -2.0F};
  PayloadWriter writer;
  writer.put(int32_t{5}).put(bytes_of(std::span<const float>(logits)));
  return {writer.bytes().begin(), writer.bytes().end()};
}

TEST(Frame, BytesAreAsDocumented) {
  const std::byte complete[] = {std::byte{0}};
  const Bytes done[] = {complete};
  EXPECT_EQ(hex(make_header(FrameType::done, done)) + hex(complete), kDone);
  EXPECT_EQ(hex(make_header(FrameType::hello, {})), kHello);
  const auto payload = row_payload();
  const Bytes whole[] = {payload};
  EXPECT_EQ(hex(make_header(FrameType::row, whole)) + hex(payload), kRow);
  const Bytes parts[] = {Bytes(payload).first(3), Bytes(), Bytes(payload).subspan(3)};
  EXPECT_EQ(make_header(FrameType::row, parts), make_header(FrameType::row, whole));
}

TEST(Frame, IsReadBack) {
  const auto payload = row_payload();
  const Bytes parts[] = {payload};
  const HeaderBytes bytes = make_header(FrameType::row, parts);
  Header header;
  ASSERT_EQ(read_header(bytes, header), HeaderProblem::none);
  EXPECT_EQ(header.type, FrameType::row);
  EXPECT_EQ(header.length, payload.size());
  EXPECT_TRUE(checksum_matches(bytes, payload));
}

TEST(Frame, OtherChecksumsAreAsDocumented) {
  const std::byte complete[] = {std::byte{0}};
  const Bytes done[] = {complete};
  EXPECT_EQ(hex(make_header(FrameType::done, done, Checksum::crc32)) + hex(complete), kDoneCrc32);
  EXPECT_EQ(hex(make_header(FrameType::done, done, Checksum::none)) + hex(complete),
            "5856414c0200870001000000000000000000000000");
}

TEST(Frame, ItsChecksumIsFound) {
  const auto payload = row_payload();
  const Bytes parts[] = {payload};
  for (const Checksum kind : {Checksum::xxh3, Checksum::crc32, Checksum::none}) {
    HeaderBytes bytes = make_header(FrameType::row, parts, kind);
    EXPECT_EQ(find_checksum(bytes, payload), kind);
    bytes[13] ^= std::byte{1};
    EXPECT_EQ(find_checksum(bytes, payload), std::nullopt);
  }
}

class FrameWith : public testing::TestWithParam<Checksum> {};
INSTANTIATE_TEST_SUITE_P(Both, FrameWith, testing::Values(Checksum::xxh3, Checksum::crc32));

TEST_P(FrameWith, EveryFlippedBitIsNoticed) {
  const auto payload = row_payload();
  const Bytes parts[] = {payload};
  const HeaderBytes good = make_header(FrameType::row, parts, GetParam());
  for (size_t bit = 0; bit < 8 * (good.size() + payload.size()); ++bit) {
    HeaderBytes bytes = good;
    auto damaged = payload;
    const std::byte mask{static_cast<unsigned char>(1 << bit % 8)};
    (bit / 8 < good.size() ? bytes[bit / 8] : damaged[bit / 8 - good.size()]) ^= mask;
    Header header;
    const bool accepted = read_header(bytes, header) == HeaderProblem::none &&
                          header.length == damaged.size() &&
                          checksum_matches(bytes, damaged, GetParam());
    EXPECT_FALSE(accepted) << "bit " << bit;
  }
}

TEST(Frame, ProblemsAreTold) {
  Header header;
  HeaderBytes bytes = make_header(FrameType::done, {});
  bytes[0] = std::byte{'x'};
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::not_a_frame);
  bytes = make_header(FrameType::done, {});
  bytes[4] = std::byte{1};
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::other_version);
  EXPECT_EQ(header.version, 1);
  // What every version understands, and so stays as it is.
  bytes = make_header(FrameType::hello, {});
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::none);
  bytes[4] = std::byte{2};
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::other_version);
  bytes = make_header(FrameType::done, {});
  bytes[11] = std::byte{4};  // 64 MiB is the most
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::none);
  bytes[8] = std::byte{1};
  EXPECT_EQ(read_header(bytes, header), HeaderProblem::too_long);
}

TEST(Payload, ReaderNeverReadsPastTheEnd) {
  const auto payload = row_payload();
  PayloadReader reader(payload);
  std::vector<float> values;
  int32_t position = 0;
  ASSERT_TRUE(reader.get(position));
  EXPECT_EQ(position, 5);
  EXPECT_FALSE(reader.get_rest(3, values));
  EXPECT_FALSE(reader.get_rest(uint64_t{1} << 62, values));
  ASSERT_TRUE(reader.get_rest(2, values));
  EXPECT_THAT(values, ElementsAre(1.5F, -2.0F));
  EXPECT_FALSE(reader.get(position));
  std::string text;
  EXPECT_FALSE(reader.get_text(1, text));
  EXPECT_TRUE(reader.get_text(0, text));
}

TEST(Payload, OddBytesAreNoValues) {
  const auto payload = row_payload();
  std::vector<float> values;
  EXPECT_FALSE(PayloadReader(Bytes(payload).first(11)).get_rest(2, values));
}

}  // namespace
}  // namespace crossval::protocol
