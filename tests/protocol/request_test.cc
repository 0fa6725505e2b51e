#include "protocol/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crossval::protocol {
namespace {

using testing::ElementsAre;

// Printed by tests/golden/make_frames_corpus.py.
constexpr const char* kEvaluate = "0700000001000000030000000100000004000000";
constexpr const char* kTrace =
    "02000000010000000000000004000000070000000800000002000000"
    "06000000516375722d300900000063616368655f6b2d30"
    "0200000004000000524f5045050000005354415445030000000100000004000000";

std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

template <class Request>
std::vector<std::byte> payload_of(const Request& request) {
  PayloadWriter payload = head_of(request);
  payload.put(bytes_of(request.ids));
  return {payload.bytes().begin(), payload.bytes().end()};
}

const std::vector<int32_t> kIds = {3, 1, 4};

TEST(Request, EvaluateIsAsDocumented) {
  const EvaluateRequest sent = {.ids = kIds, .first = 7, .rows = Rows::last};
  EXPECT_EQ(payload_of(sent), from_hex(kEvaluate));
  EvaluateRequest read;
  std::vector<int32_t> ids;
  ASSERT_TRUE(parse(from_hex(kEvaluate), read, ids));
  EXPECT_EQ(read.first, 7);
  EXPECT_EQ(read.rows, Rows::last);
  EXPECT_THAT(read.ids, ElementsAre(3, 1, 4));
}

TEST(Request, TraceIsAsDocumented) {
  const TraceRequest sent = {.ids = kIds,
                             .first = 2,
                             .selection = {.names = {"Qcur-0", "cache_k-0"},
                                           .ops = {"ROPE", "STATE"},
                                           .layers = {0, 4},
                                           .positions = {7, 8},
                                           .state = true}};
  EXPECT_EQ(payload_of(sent), from_hex(kTrace));
  TraceRequest read;
  std::vector<int32_t> ids;
  ASSERT_TRUE(parse(from_hex(kTrace), read, ids));
  EXPECT_EQ(read.first, 2);
  EXPECT_THAT(read.ids, ElementsAre(3, 1, 4));
  EXPECT_EQ(payload_of(read), from_hex(kTrace));
  // As it comes it wants everything, and no state.
  ASSERT_TRUE(parse(payload_of(TraceRequest{.ids = kIds}), read, ids));
  EXPECT_TRUE(read.selection.wants("embd", "GET_ROWS", -1));
  EXPECT_FALSE(read.selection.wants("cache_k-0", kStateOp, 0));
  EXPECT_TRUE(read.selection.positions.contains(1 << 30));
}

TEST(Request, NothingShorterOrUnknownIsRead) {
  const auto evaluate = from_hex(kEvaluate), trace = from_hex(kTrace);
  EvaluateRequest rows;
  TraceRequest tensors;
  std::vector<int32_t> ids;
  // Whole ids may be missing: they end the payload.
  for (size_t size = 0; size < evaluate.size(); ++size) {
    const bool whole = size >= 8 && size % 4 == 0;
    EXPECT_EQ(parse(Bytes(evaluate).first(size), rows, ids), whole) << size;
  }
  const size_t head = trace.size() - 12;
  for (size_t size = 0; size < trace.size(); ++size) {
    const bool whole = size >= head && (size - head) % 4 == 0;
    EXPECT_EQ(parse(Bytes(trace).first(size), tensors, ids), whole) << size;
  }
  auto other = evaluate;
  other[4] = std::byte{2};
  EXPECT_FALSE(parse(other, rows, ids));
  other = trace;
  other[4] = std::byte{2};
  EXPECT_FALSE(parse(other, tensors, ids));
}

TEST(Request, AnOutcomeIsOneOfTwo) {
  for (const Outcome outcome : {Outcome::complete, Outcome::stopped}) {
    Outcome read{};
    ASSERT_TRUE(parse(protocol::payload_of(outcome).bytes(), read));
    EXPECT_EQ(read, outcome);
  }
  Outcome read{};
  EXPECT_FALSE(parse(Bytes(), read));
  EXPECT_FALSE(parse(from_hex("02"), read));
  EXPECT_FALSE(parse(from_hex("0000"), read));
}

}  // namespace
}  // namespace crossval::protocol
