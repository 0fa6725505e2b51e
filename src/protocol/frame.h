// One frame of the engine protocol: header, checksum, payload (docs/protocol.md).
//
// Compiled into both ends, so it depends on nothing of crossval. All integers are little-endian.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace crossval::protocol {

static_assert(std::endian::native == std::endian::little, "frames are little-endian in memory");

inline constexpr std::string_view kMagic = "XVAL";
inline constexpr uint16_t kVersion = 2;
/// Of hello, which programs of every version read: the answer's version is the engine's.
inline constexpr uint16_t kHelloVersion = 1;
inline constexpr size_t kHeaderBytes = 20;
/// No payload is longer: a reader refuses a longer one before it takes memory for it.
inline constexpr uint32_t kMaxPayload = 64U << 20;

/// What protects a frame. hello has XXH3-64; of the others the engine's first frame decides.
enum class Checksum : uint8_t { xxh3, crc32, none };

/// Flags of a tokenize request.
inline constexpr uint8_t kAddSpecial = 1;
inline constexpr uint8_t kParseSpecial = 2;

enum class FrameType : uint16_t {
  // crossval to engine
  hello = 1,
  tokenize = 2,
  pieces = 3,
  is_end_of_generation = 4,
  evaluate = 5,
  trace = 6,
  cancel = 7,
  shutdown = 8,
  // engine to crossval
  ready = 129,
  ids = 130,
  piece_bytes = 131,
  end_of_generation = 132,
  row = 133,
  tensor = 134,
  done = 135,
  error = 136,
  sources = 137,
  warning = 138,
  top_row = 139,
  row_hash = 140,
  tensor_hashes = 141,
  // of recordings alone (docs/recording.md)
  recording = 193,
  index = 194,
  end = 195,
};

/// "ready"; "type 77" is nullptr here.
const char* name_of(FrameType type);

using Bytes = std::span<const std::byte>;
using HeaderBytes = std::array<std::byte, kHeaderBytes>;

struct Header {
  uint16_t version = 0;
  FrameType type{};
  uint32_t length = 0;  // of the payload, in bytes
};

enum class HeaderProblem { none, not_a_frame, other_version, too_long };

/// Header of a frame whose payload is `parts` one after the other (at most kMaxPayload bytes).
HeaderBytes make_header(FrameType type, std::span<const Bytes> parts,
                        Checksum checksum = Checksum::xxh3);

/// Reads a header; `header` is filled as far as it makes sense (the version for other_version).
HeaderProblem read_header(const HeaderBytes& bytes, Header& header);

/// True when the payload, and the header before it, are what was sent.
bool checksum_matches(const HeaderBytes& bytes, Bytes payload, Checksum checksum = Checksum::xxh3);

/// Which checksum a frame has; nothing: none that matches.
std::optional<Checksum> find_checksum(const HeaderBytes& bytes, Bytes payload);

}  // namespace crossval::protocol
