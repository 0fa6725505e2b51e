#include "synth/biased_bits.h"

#include <algorithm>
#include <array>

namespace crossval {
namespace {

constexpr size_t kMostWords = 32;  // of a block

}  // namespace

BiasedBits::BiasedBits(const BlockField& code, int groups, int block_bytes)
    : parts_(static_cast<size_t>(groups)),
      codes_(static_cast<size_t>(block_bytes + 7) / 8),
      block_bytes_(block_bytes) {
  for (int e = 0; e < code.count; ++e) {
    auto& parts = parts_[static_cast<size_t>(e * groups / code.count)];
    for (int bit = 0; bit < code.bits; ++bit) {
      const int word = code.place(e, bit) / 64;
      const uint64_t mask = uint64_t{1} << (code.place(e, bit) % 64);
      codes_[static_cast<size_t>(word)] |= mask;
      auto part = std::ranges::find(parts, word, &Part::word);
      if (part == parts.end()) part = parts.insert(part, {word, 0});
      part->bits |= mask;
    }
  }
}

void BiasedBits::draw(Random& random, std::span<const uint8_t> eighths, uint8_t* block) const {
  // Plane i holds bit i of the eighths at each bit of the block.
  std::array<std::array<uint64_t, kMostWords>, 3> planes;
  for (auto& plane : planes) std::fill_n(plane.begin(), codes_.size(), 0);
  for (size_t g = 0; g < parts_.size(); ++g) {
    for (const Part& part : parts_[g]) {
      for (unsigned i = 0; i < 3; ++i) {
        if (eighths[g] >> i & 1U) planes[i][static_cast<size_t>(part.word)] |= part.bits;
      }
    }
  }
  for (size_t word = 0; word < codes_.size(); ++word) {
    if (codes_[word] == 0) continue;
    // From the lowest binary digit of p to the highest: a half of what is set so far, or of what is
    // not.
    uint64_t set = 0;
    for (const auto& plane : planes) {
      const uint64_t coin = random.next();
      set = (set & coin) | (plane[word] & (set | coin));
    }
    uint64_t fresh = codes_[word];
    const size_t first = 8 * word;
    const size_t end = std::min(first + 8, static_cast<size_t>(block_bytes_));
    for (size_t i = first; i < end; ++i, set >>= 8, fresh >>= 8)
      block[i] = static_cast<uint8_t>((block[i] & ~fresh) | (set & fresh & 0xFF));
  }
}

}  // namespace crossval
