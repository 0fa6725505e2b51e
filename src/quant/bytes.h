// Reads of the little-endian fields of stored blocks, on any host and at any alignment.
#pragma once

#include <cstdint>

#include "base/float16.h"

namespace crossval {

inline uint16_t load_u16(const uint8_t* p) { return static_cast<uint16_t>(p[0] | (p[1] << 8)); }

inline uint32_t load_u32(const uint8_t* p) {
  return load_u16(p) | (static_cast<uint32_t>(load_u16(p + 2)) << 16);
}

inline float load_f16(const uint8_t* p) { return f16_to_f32(load_u16(p)); }

}  // namespace crossval
