// CRC-32 as zlib, gzip and Ethernet have it: what every language's standard library can compute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace crossval::protocol {

/// Of `bytes` behind others whose CRC-32 is `before`; 0 for none before.
uint32_t crc32(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace crossval::protocol
