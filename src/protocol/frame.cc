#include "protocol/frame.h"

#include <cstring>

#include "protocol/crc32.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace crossval::protocol {
namespace {

constexpr size_t kChecksumAt = 12;  // what precedes it is covered by it

// Of magic, version, type, length and the payload.
uint64_t xxh3_of(const HeaderBytes& header, std::span<const Bytes> parts) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, header.data(), kChecksumAt);
  for (const Bytes part : parts) XXH3_64bits_update(&state, part.data(), part.size());
  return XXH3_64bits_digest(&state);
}

uint64_t crc32_of(const HeaderBytes& header, std::span<const Bytes> parts) {
  uint32_t crc = crc32(Bytes(header).first(kChecksumAt));
  for (const Bytes part : parts) crc = crc32(part, crc);
  return crc;
}

uint64_t value_of(Checksum checksum, const HeaderBytes& header, std::span<const Bytes> parts) {
  switch (checksum) {
    case Checksum::xxh3:
      return xxh3_of(header, parts);
    case Checksum::crc32:
      return crc32_of(header, parts);
    case Checksum::none:
      return 0;
  }
  return 0;
}

template <class T>
void store(HeaderBytes& bytes, size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <class T>
T load(const HeaderBytes& bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

uint16_t version_of(FrameType type) { return type == FrameType::hello ? kHelloVersion : kVersion; }

}  // namespace

const char* name_of(FrameType type) {
  switch (type) {
    case FrameType::hello:
      return "hello";
    case FrameType::tokenize:
      return "tokenize";
    case FrameType::pieces:
      return "pieces";
    case FrameType::is_end_of_generation:
      return "is_end_of_generation";
    case FrameType::evaluate:
      return "evaluate";
    case FrameType::trace:
      return "trace";
    case FrameType::cancel:
      return "cancel";
    case FrameType::shutdown:
      return "shutdown";
    case FrameType::ready:
      return "ready";
    case FrameType::ids:
      return "ids";
    case FrameType::piece_bytes:
      return "piece_bytes";
    case FrameType::end_of_generation:
      return "end_of_generation";
    case FrameType::row:
      return "row";
    case FrameType::tensor:
      return "tensor";
    case FrameType::done:
      return "done";
    case FrameType::error:
      return "error";
    case FrameType::sources:
      return "sources";
    case FrameType::warning:
      return "warning";
    case FrameType::top_row:
      return "top_row";
    case FrameType::row_hash:
      return "row_hash";
    case FrameType::tensor_hashes:
      return "tensor_hashes";
    case FrameType::recording:
      return "recording";
    case FrameType::index:
      return "index";
    case FrameType::end:
      return "end";
  }
  return nullptr;
}

HeaderBytes make_header(FrameType type, std::span<const Bytes> parts, Checksum checksum) {
  size_t length = 0;
  for (const Bytes part : parts) length += part.size();
  HeaderBytes bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  store(bytes, 4, version_of(type));
  store(bytes, 6, static_cast<uint16_t>(type));
  store(bytes, 8, static_cast<uint32_t>(length));
  store(bytes, kChecksumAt, value_of(checksum, bytes, parts));
  return bytes;
}

HeaderProblem read_header(const HeaderBytes& bytes, Header& header) {
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return HeaderProblem::not_a_frame;
  }
  header.version = load<uint16_t>(bytes, 4);
  header.type = static_cast<FrameType>(load<uint16_t>(bytes, 6));
  if (header.version != version_of(header.type)) return HeaderProblem::other_version;
  header.length = load<uint32_t>(bytes, 8);
  return header.length > kMaxPayload ? HeaderProblem::too_long : HeaderProblem::none;
}

bool checksum_matches(const HeaderBytes& bytes, Bytes payload, Checksum checksum) {
  const Bytes parts[] = {payload};
  return value_of(checksum, bytes, parts) == load<uint64_t>(bytes, kChecksumAt);
}

std::optional<Checksum> find_checksum(const HeaderBytes& bytes, Bytes payload) {
  for (const Checksum checksum : {Checksum::none, Checksum::xxh3, Checksum::crc32}) {
    if (checksum_matches(bytes, payload, checksum)) return checksum;
  }
  return std::nullopt;
}

}  // namespace crossval::protocol
