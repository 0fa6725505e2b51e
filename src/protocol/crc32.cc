#include "protocol/crc32.h"

#include <array>

namespace crossval::protocol {
namespace {

using Table = std::array<uint32_t, 256>;
constexpr size_t kTables = 8;  // bytes taken at a time

// tables[k][b]: what byte b does to the remainder when k bytes follow it.
constexpr std::array<Table, kTables> make_tables() {
  constexpr uint32_t kPolynomial = 0xedb88320;  // 0x04c11db7, lowest bit first
  std::array<Table, kTables> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = rest;
  }
  for (size_t k = 1; k < kTables; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t rest = tables[k - 1][byte];
      tables[k][byte] = (rest >> 8) ^ tables[0][rest & 255];
    }
  }
  return tables;
}

constexpr std::array<Table, kTables> kTable = make_tables();

}  // namespace

uint32_t crc32(std::span<const std::byte> bytes, uint32_t before) {
  uint32_t rest = ~before;
  const auto at = [&](size_t i) { return std::to_integer<uint32_t>(bytes[i]); };
  for (; bytes.size() >= kTables; bytes = bytes.subspan(kTables)) {
    rest = kTable[7][(rest ^ at(0)) & 255] ^ kTable[6][(rest >> 8 ^ at(1)) & 255] ^
           kTable[5][(rest >> 16 ^ at(2)) & 255] ^ kTable[4][rest >> 24 ^ at(3)] ^
           kTable[3][at(4)] ^ kTable[2][at(5)] ^ kTable[1][at(6)] ^ kTable[0][at(7)];
  }
  for (size_t i = 0; i < bytes.size(); ++i) rest = (rest >> 8) ^ kTable[0][(rest ^ at(i)) & 255];
  return ~rest;
}

}  // namespace crossval::protocol
