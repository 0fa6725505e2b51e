#include "synth/random_weights.h"

#include <algorithm>
#include <array>
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

/// About 1: three exponents and every mantissa. One in sixteen has any smaller exponent, so that
/// its binary16 may be subnormal.
float spread(Random& random) {
  const uint64_t drawn = random.next();
  const float mantissa = 1.0F + static_cast<float>(drawn >> 40) * 0x1p-24F;
  const bool usual = (drawn >> 1 & 15) != 0;
  const int lower = static_cast<int>(drawn & 1) + (usual ? 0 : static_cast<int>(drawn >> 5 & 31));
  return std::ldexp(mantissa, -lower);
}

/// As binary16, the nearest that is not 0: no row is without values.
uint16_t half_scale(float size) {
  const uint16_t half = f32_to_f16(size);
  return (half & 0x7FFF) != 0 ? half : static_cast<uint16_t>(half | 1);
}

/// The stored form of a scale > 0 that is no binary16.
uint32_t coarse_scale(FieldKind kind, float size) {
  if (kind == FieldKind::e8m0) {
    int exponent = 0;
    std::frexp(size, &exponent);
    return static_cast<uint32_t>(std::clamp(exponent + 127, 0, 254));  // between half of it and it
  }
  uint8_t byte = 1;
  while (byte < 0x7E && NVFP4::scale(byte) < size) ++byte;
  return byte;
}

void fill_floats(WeightType type, float sigma, Random& random, std::span<std::byte> out) {
  auto* to = reinterpret_cast<uint8_t*>(out.data());
  const uint8_t* end = to + out.size();
  while (to < end) {
    const float value = sigma * random.normal();
    if (type == f32) {
      // A multiple of 2^-16 times sigma may leave the lowest bits of the mantissa at 0.
      const auto bits = std::bit_cast<uint32_t>(value) ^ static_cast<uint32_t>(random.next() >> 56);
      store_u16(to, static_cast<uint16_t>(bits & 0xFFFF));
      store_u16(to + 2, static_cast<uint16_t>(bits >> 16));
      to += 4;
    } else {
      store_u16(to, type == f16 ? f32_to_f16(value) : f32_to_bf16(value));
      to += 2;
    }
  }
}

void draw_bytes(Random& random, int count, uint8_t* to) {
  for (int i = 0; i < count; i += 8) {
    uint64_t bytes = random.next();
    const int end = std::min(i + 8, count);
    for (int j = i; j < end; ++j, bytes >>= 8) to[j] = static_cast<uint8_t>(bytes & 0xFF);
  }
}

/// Two-bit codes of 3, which no encoder writes, become 1, the zero weight.
void no_threes(const BlockField& code, uint8_t* block) {
  uint8_t* byte = block + code.place(0, 0) / 8;
  for (const uint8_t* end = byte + code.count / 4; byte < end; ++byte) {
    const unsigned three = *byte & (static_cast<unsigned>(*byte) >> 1) & 0x55U;
    *byte = static_cast<uint8_t>(*byte & ~(three << 1));
  }
}

const BlockField* find_field(std::span<const BlockField> fields, FieldKind kind) {
  for (const BlockField& field : fields) {
    if (field.kind == kind) return &field;
  }
  return nullptr;
}

/// In eighths, how often a bit of a code is set when step · code - minimum is to have the mean 0.
uint8_t balance(float step, float minimum, float most) {
  const float share = minimum / (step * most);  // NaN: no code changes anything
  if (!(share > 0.125F)) return 1;
  return share > 0.875F ? 7 : static_cast<uint8_t>(std::lround(8.0F * share));
}

}  // namespace

RandomWeights::RandomWeights(const WeightFormat& format, float sigma)
    : format_(format), fields_(block_fields(format.type)), scale_(sigma) {
  if (format.block_elements == 1) return;
  const BlockField* code = find_field(fields_, FieldKind::code);
  minima_ = find_field(fields_, FieldKind::min);
  if (find_field(fields_, FieldKind::half_min) != nullptr) {
    scales_ = find_field(fields_, FieldKind::scale);
    bits_.emplace(*code, scales_ != nullptr ? scales_->count : 1, format.block_bytes);
  } else if (format.type == q2_0) {
    bits_.emplace(*code, 1, format.block_bytes);
  }
  most_ = static_cast<float>(code->values - 1);
  scale_ = sigma / unit_size();
}

/// Draws the codes of formats whose smallest one is no negative weight.
void RandomWeights::draw_codes(Random& random, float d, float min, uint8_t* block) const {
  std::array<uint8_t, 16> eighths{};
  for (int g = 0; g < bits_->groups(); ++g) {
    float step = d;
    float minimum = min;
    if (scales_ != nullptr && minima_ != nullptr) {
      step *= static_cast<float>(scales_->get(block, g));
      minimum *= static_cast<float>(minima_->get(block, g));
    }
    eighths[static_cast<size_t>(g)] = balance(step, minimum, most_);
  }
  bits_->draw(random, eighths, block);
}

void RandomWeights::draw_block(Random& random, float scale, uint8_t* block) const {
  draw_bytes(random, format_.block_bytes, block);
  const uint64_t signs = random.next();
  float d = 0;
  float min = format_.type == q2_0 ? 1.0F : 0.0F;
  for (const BlockField& field : fields_) {
    switch (field.kind) {
      case FieldKind::half:
        d = scale * spread(random) * (signs & 1 ? 1.0F : -1.0F);
        field.set(block, 0, half_scale(d));
        break;
      case FieldKind::half_min: {
        // Mostly of the sign that brings the mean to 0, and of a size that most groups' codes can
        // make up for.
        const float usual = most_ * (minima_ != nullptr ? 0.2F : 0.5F);
        min = std::copysign(scale * spread(random) * usual, (signs >> 1 & 15) != 0 ? d : -d);
        field.set(block, 0, half_scale(minima_ != nullptr ? min : -min));
        break;
      }
      case FieldKind::e8m0:
      case FieldKind::ue4m3:
        for (int e = 0; e < field.count; ++e)
          field.set(block, e, coarse_scale(field.kind, scale * spread(random)));
        break;
      case FieldKind::unused:
        for (int e = 0; e < field.count; ++e) field.set(block, e, 0);
        break;
      default:
        if (field.kind == FieldKind::code && field.values == 3) no_threes(field, block);
    }
  }
  if (format_.type == q2_0) min *= d;
  if (bits_) draw_codes(random, d, min, block);
}

/// Root mean square of the values of blocks whose scale is about 1.
float RandomWeights::unit_size() const {
  constexpr int kValues = 1 << 15;
  const int blocks = kValues / format_.block_elements;
  Random random(1);
  std::vector<uint8_t> block(static_cast<size_t>(format_.block_bytes));
  std::vector<float> values(static_cast<size_t>(format_.block_elements));
  double sum = 0;
  for (int b = 0; b < blocks; ++b) {
    draw_block(random, 1.0F, block.data());
    format_.decode(reinterpret_cast<const std::byte*>(block.data()), values.data(),
                   format_.block_elements);
    for (const float value : values) sum += double{value} * double{value};
  }
  return static_cast<float>(std::sqrt(sum / (blocks * format_.block_elements)));
}

void RandomWeights::fill(Random& random, std::span<std::byte> out) const {
  if (format_.block_elements == 1) {
    fill_floats(format_.type, scale_, random, out);
    return;
  }
  auto* block = reinterpret_cast<uint8_t*>(out.data());
  const uint8_t* end = block + out.size();
  for (; block < end; block += format_.block_bytes) draw_block(random, scale_, block);
}

}  // namespace crossval
