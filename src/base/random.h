// Seeded random numbers, the same on every host: integers and exactly rounded float operations
// only, no library functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace crossval {

class Random {  // splitmix64
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  /// A sequence of its own for each name, so that one tensor does not depend on the others.
  Random(uint64_t seed, std::string_view name) : state_(seed) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }

  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  /// In [0, 1).
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24F; }

  /// In [0, 1), to the last bit of a double.
  double uniform_double() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Bell-shaped, mean 0, variance 1, within ±6: twelve uniform numbers of 16 bits.
  float normal() {
    int64_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      for (uint64_t four = next(); four != 0; four >>= 16)
        sum += static_cast<int64_t>(four & 0xFFFF);
    }
    return static_cast<float>(sum - int64_t{6} * 65536) * 0x1p-16F;
  }

 private:
  uint64_t state_;
};

}  // namespace crossval
