#include "synth/random_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/float16.h"
#include "quant/nonlinear.h"

namespace crossval {
namespace {

using enum WeightType;

void store_u16(uint8_t* to, uint16_t value) {
  to[0] = static_cast<uint8_t>(value & 0xFF);
  to[1] = static_cast<uint8_t>(value >> 8);
}

/// A binary16 scale at byte kD. Formats with minima have another at kMin, set to -kMiddle/2 (value
/// = d·code + m) or kMiddle/2 (value = d·code − m) times d, so that values spread about 0.
template <int kD>
void half_scale(uint8_t* block, float d) {
  store_u16(block + kD, f32_to_f16(d));
}
template <int kD, int kMin, int kMiddle>
void half_scale_and_min(uint8_t* block, float d) {
  store_u16(block + kD, f32_to_f16(std::fabs(d)));
  store_u16(block + kMin, f32_to_f16(static_cast<float>(kMiddle) * 0.5F * std::fabs(d)));
}

void exponent_scale(uint8_t* block, float d) {  // MXFP4
  const float size = std::fabs(d);
  int e = 0;
  while (e < 254 && MXFP4::scale(static_cast<uint8_t>(e)) < size) ++e;
  block[0] = static_cast<uint8_t>(e);
}

void eight_bit_scales(uint8_t* block, float d) {  // NVFP4: the smallest that is not below
  const float size = std::fabs(d);
  uint8_t byte = 1;
  while (byte < 0x7E && NVFP4::scale(byte) < size) ++byte;
  std::fill(block, block + 4, byte);
}

void scattered_scale(uint8_t* block, float d) {  // IQ1_M: a quarter in the top of each word
  const unsigned half = f32_to_f16(d);
  for (int word = 0; word < 4; ++word) {
    uint8_t& high = block[48 + 2 * word + 1];
    high = static_cast<uint8_t>((high & 0x0F) | (half >> (4 * word) & 0xF) << 4);
  }
}

void as_drawn(uint8_t* /*block*/) {}

/// Minima equal to the scales, group by group.
void mirror_q2_k(uint8_t* block) {
  for (int g = 0; g < 16; ++g) block[g] = static_cast<uint8_t>((block[g] & 0x0F) * 0x11);
}
void mirror_q4_k(uint8_t* block) {
  uint8_t* packed = block + 4;
  for (int i = 0; i < 4; ++i) {
    packed[4 + i] = packed[i];
    packed[8 + i] = static_cast<uint8_t>((packed[8 + i] & 0x0F) * 0x11);
  }
}

/// Two-bit codes of 3, which no encoder writes, become 1, the zero weight.
template <int kFirst, int kCount>
void ternary(uint8_t* block) {
  for (int i = kFirst; i < kFirst + kCount; ++i) {
    const unsigned three = block[i] & (static_cast<unsigned>(block[i]) >> 1) & 0x55U;
    block[i] = static_cast<uint8_t>(block[i] & ~(three << 1));
  }
}

}  // namespace

struct BlockMaker {
  WeightType type;
  void (*set_scale)(uint8_t* block, float d);
  void (*tidy)(uint8_t* block);  // after the block was filled with random bytes
};

namespace {

constexpr BlockMaker kMakers[] = {
    {q4_0, half_scale<0>, as_drawn},
    {q4_1, half_scale_and_min<0, 2, -15>, as_drawn},
    {q5_0, half_scale<0>, as_drawn},
    {q5_1, half_scale_and_min<0, 2, -31>, as_drawn},
    {q8_0, half_scale<0>, as_drawn},
    {q2_k, half_scale_and_min<80, 82, 3>, mirror_q2_k},
    {q3_k, half_scale<108>, as_drawn},
    {q4_k, half_scale_and_min<0, 2, 15>, mirror_q4_k},
    {q5_k, half_scale_and_min<0, 2, 31>, mirror_q4_k},
    {q6_k, half_scale<208>, as_drawn},
    {iq2_xxs, half_scale<0>, as_drawn},
    {iq2_xs, half_scale<0>, as_drawn},
    {iq3_xxs, half_scale<0>, as_drawn},
    {iq1_s, half_scale<0>, as_drawn},
    {iq4_nl, half_scale<0>, as_drawn},
    {iq3_s, half_scale<0>, as_drawn},
    {iq2_s, half_scale<0>, as_drawn},
    {iq4_xs, half_scale<0>, as_drawn},
    {iq1_m, scattered_scale, as_drawn},
    {tq1_0, half_scale<52>, as_drawn},
    {tq2_0, half_scale<64>, ternary<0, 64>},
    {mxfp4, exponent_scale, as_drawn},
    {nvfp4, eight_bit_scales, as_drawn},
    {q1_0, half_scale<0>, as_drawn},
    {q2_0, half_scale<0>, ternary<2, 16>},
};

void draw(const WeightFormat& format, const BlockMaker& maker, Random& random, uint8_t* block) {
  for (int i = 0; i < format.block_bytes; i += 8) {
    uint64_t bytes = random.next();
    const int end = std::min(i + 8, format.block_bytes);
    for (int j = i; j < end; ++j, bytes >>= 8) block[j] = static_cast<uint8_t>(bytes & 0xFF);
  }
  maker.tidy(block);
}

/// Root mean square of the values of blocks whose scale is 1.
float unit_size(const WeightFormat& format, const BlockMaker& maker) {
  constexpr int kBlocks = 64;
  Random random(1);
  std::vector<uint8_t> block(static_cast<size_t>(format.block_bytes));
  std::vector<float> values(static_cast<size_t>(format.block_elements));
  double sum = 0;
  for (int b = 0; b < kBlocks; ++b) {
    draw(format, maker, random, block.data());
    maker.set_scale(block.data(), 1.0F);
    format.decode(reinterpret_cast<const std::byte*>(block.data()), values.data(),
                  format.block_elements);
    for (const float value : values) sum += double{value} * double{value};
  }
  return static_cast<float>(std::sqrt(sum / (kBlocks * format.block_elements)));
}

void fill_floats(WeightType type, float sigma, Random& random, std::span<std::byte> out) {
  auto* to = reinterpret_cast<uint8_t*>(out.data());
  const uint8_t* end = to + out.size();
  while (to < end) {
    const float value = sigma * random.normal();
    if (type == f32) {
      const auto bits = std::bit_cast<uint32_t>(value);
      store_u16(to, static_cast<uint16_t>(bits & 0xFFFF));
      store_u16(to + 2, static_cast<uint16_t>(bits >> 16));
      to += 4;
    } else {
      store_u16(to, type == f16 ? f32_to_f16(value) : f32_to_bf16(value));
      to += 2;
    }
  }
}

}  // namespace

RandomWeights::RandomWeights(const WeightFormat& format, float sigma)
    : format_(format), maker_(nullptr), scale_(sigma) {
  const auto* maker = std::ranges::find(kMakers, format.type, &BlockMaker::type);
  if (maker == std::end(kMakers)) return;
  maker_ = maker;
  scale_ = sigma / unit_size(format, *maker);
}

void RandomWeights::fill(Random& random, std::span<std::byte> out) const {
  if (maker_ == nullptr) {
    fill_floats(format_.type, scale_, random, out);
    return;
  }
  auto* block = reinterpret_cast<uint8_t*>(out.data());
  const uint8_t* end = block + out.size();
  for (; block < end; block += format_.block_bytes) {
    draw(format_, *maker_, random, block);
    const float spread = (0.75F + 0.5F * random.uniform()) * scale_;
    maker_->set_scale(block, random.next() % 2 == 0 ? spread : -spread);
  }
}

}  // namespace crossval
