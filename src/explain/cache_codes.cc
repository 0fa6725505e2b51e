#include "explain/cache_codes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>

#include "base/float16.h"
#include "explain/units.h"
#include "quant/activation.h"
#include "quant/nonlinear.h"

namespace crossval {
namespace {

constexpr int64_t kBlock = 32;
constexpr float kNothing = 1e-15F;  // IQ4_NL's blocks of smaller values are zeros

struct Name {
  CacheCodes codes;
  std::string_view name, words;
};
constexpr std::array kNames = {
    Name{CacheCodes::q8_0, "q8_0", "Q8_0"}, Name{CacheCodes::q5_1, "q5_1", "Q5_1"},
    Name{CacheCodes::q5_0, "q5_0", "Q5_0"}, Name{CacheCodes::q4_1, "q4_1", "Q4_1"},
    Name{CacheCodes::q4_0, "q4_0", "Q4_0"}, Name{CacheCodes::iq4_nl, "iq4_nl", "IQ4_NL"}};

float half(float x) { return f16_to_f32(f32_to_f16(x)); }

/// The one furthest from 0; 0 where all are.
float furthest_of(const float* x) {
  float furthest = 0;
  for (int64_t i = 0; i < kBlock; ++i)
    if (std::abs(x[i]) > std::abs(furthest)) furthest = x[i];
  return furthest;
}

/// d = the value furthest from 0 over -levels; codes 0 … 2 levels - 1 less `levels`.
void code_around_zero(float levels, float* x) {
  const float d = furthest_of(x) / -levels;
  const float multiplier = d == 0 ? 0.0F : 1.0F / d;
  for (int64_t i = 0; i < kBlock; ++i) {
    const float code = std::min(2 * levels - 1, std::trunc(x[i] * multiplier + levels + 0.5F));
    x[i] = (code - levels) * half(d);
  }
}

/// d = (largest - smallest) / levels of the values `of`, codes 0 … levels. Returns the smallest,
/// which is left out.
float code_above_minimum(float levels, const float* of, float* x) {
  const auto [low, high] = std::minmax_element(of, of + kBlock);
  const float minimum = *low;
  const float d = (*high - minimum) / levels;
  const float multiplier = d == 0 ? 0.0F : 1.0F / d;
  for (int64_t i = 0; i < kBlock; ++i) {
    const float code = std::clamp(std::trunc((x[i] - minimum) * multiplier + 0.5F), 0.0F, levels);
    x[i] = code * half(d);
  }
  return half(minimum);
}

/// The nearest of the 16 values; of two as near the larger.
float nearest_level(float x) {
  const auto* above = std::upper_bound(std::begin(kIq4Values), std::end(kIq4Values), x);
  if (above == std::begin(kIq4Values)) return *above;
  if (above == std::end(kIq4Values)) return above[-1];
  return x - above[-1] < *above - x ? above[-1] : *above;
}

/// Levels are chosen with the value furthest from 0 on the first of them; then d is fitted to them
/// by least squares, weighted by x².
void code_in_levels(float* x) {
  const float furthest = furthest_of(x);
  if (std::abs(furthest) < kNothing) {
    std::fill_n(x, kBlock, 0.0F);
    return;
  }
  const float multiplier = 1 / (furthest / kIq4Values[0]);
  float products = 0;
  float squares = 0;
  for (int64_t i = 0; i < kBlock; ++i) {
    const float level = nearest_level(multiplier * x[i]);
    const float weight = x[i] * x[i];
    products += weight * level * x[i];
    squares += weight * level * level;
    x[i] = level;
  }
  const float d = half(squares > 0 ? products / squares : 0.0F);
  for (int64_t i = 0; i < kBlock; ++i) x[i] *= d;
}

void code_in_bytes(float* x) {
  BlockQ8_0 block;
  pack_row_scalar(ActivationType::q8_0, x, kBlock, reinterpret_cast<std::byte*>(&block));
  for (int64_t i = 0; i < kBlock; ++i) x[i] = block.d * static_cast<float>(block.codes[i]);
}

/// A block in codes and back, without its minimum, which is returned. Codes above a minimum are
/// those of the block `of`.
float code_block(CacheCodes codes, const float* of, float* x) {
  switch (codes) {
    case CacheCodes::none:
      break;
    case CacheCodes::q8_0:
      code_in_bytes(x);
      break;
    case CacheCodes::q5_1:
      return code_above_minimum(31, of, x);
    case CacheCodes::q5_0:
      code_around_zero(16, x);
      break;
    case CacheCodes::q4_1:
      return code_above_minimum(15, of, x);
    case CacheCodes::q4_0:
      code_around_zero(8, x);
      break;
    case CacheCodes::iq4_nl:
      code_in_levels(x);
      break;
  }
  return 0;
}

/// Of x + sign · slack: each block as code(of, block) leaves it, `width` values; `of` is the block
/// spread by spread · slack on both sides of its mean.
template <class Code>
std::vector<double> coded(const SlackRows& x, double spread, double sign, size_t width,
                          const Code& code) {
  const size_t blocks = x.values.size() / kBlock;
  std::vector<double> out;
  out.reserve(blocks * width);
  float of[kBlock];
  float block[kBlock + 1];
  for (size_t begin = 0; begin < blocks * kBlock; begin += kBlock) {
    const auto first = x.values.begin() + static_cast<std::ptrdiff_t>(begin);
    const double mean = std::accumulate(first, first + kBlock, 0.0) / kBlock;
    for (size_t i = 0; i < kBlock; ++i) {
      const double value = x.values[begin + i];
      const double off = x.slack[begin + i];
      of[i] = static_cast<float>(value + (value > mean ? spread : -spread) * off);
      block[i] = static_cast<float>(value + sign * off);
    }
    code(of, block);
    out.insert(out.end(), block, block + width);
  }
  return out;
}

/// The scale of a block may be off with its values, either way, or without them.
template <class Code>
SlackRows coded_within(const SlackRows& x, size_t width, const Code& code) {
  SlackRows out{coded(x, 0, 0, width, code), {}};
  out.slack.resize(out.values.size());
  if (std::ranges::all_of(x.slack, [](double off) { return off == 0; })) return out;
  for (const double sign : {-kLimit, kLimit}) {
    for (const double spread : {0.0, -kLimit, kLimit}) {
      const std::vector<double> other = coded(x, spread, sign, width, code);
      for (size_t i = 0; i < other.size(); ++i)
        out.slack[i] = std::max(out.slack[i], std::abs(other[i] - out.values[i]));
    }
  }
  return out;
}

}  // namespace

std::optional<CacheCodes> cache_codes(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  if (found == kNames.end()) return std::nullopt;
  return found->codes;
}

bool has_minima(CacheCodes codes) { return codes == CacheCodes::q5_1 || codes == CacheCodes::q4_1; }

std::string_view words(CacheCodes codes) {
  const auto* found = std::ranges::find(kNames, codes, &Name::codes);
  return found == kNames.end() ? std::string_view{} : found->words;
}

int64_t turned_keys(int64_t head_dim) {
  if (head_dim % 64 != 0) return 0;
  int64_t together = 64;
  while (head_dim % (2 * together) == 0) together *= 2;
  return together;
}
int64_t turned_values(int64_t head_dim) { return head_dim % 64 == 0 ? 64 : 0; }

SlackRows turned_rows(const double* x, const double* slack, int64_t n, int64_t together) {
  SlackRows out{{x, x + n}, std::vector<double>(static_cast<size_t>(n))};
  if (slack != nullptr) std::copy_n(slack, n, out.slack.begin());
  if (together == 0) return out;
  const double root = std::sqrt(static_cast<double>(together));
  for (int64_t begin = 0; begin < n; begin += together) {
    double* values = out.values.data() + begin;
    double* off = out.slack.data() + begin;
    double square = 0;
    double lacking = 0;
    for (int64_t i = 0; i < together; ++i) {
      square += values[i] * values[i];
      lacking += off[i];
    }
    for (int64_t step = 1; step < together; step *= 2) {
      for (int64_t i = 0; i < together; ++i) {
        if ((i & step) != 0) continue;
        const double a = values[i];
        const double b = values[i + step];
        values[i] = a + b;
        values[i + step] = a - b;
      }
    }
    for (int64_t i = 0; i < together; ++i) {
      values[i] /= root;
      // sqrt(n) roundings of a result, which typically is as large as the root mean square.
      off[i] = lacking / root + kRoundoff * std::sqrt(square);
    }
  }
  return out;
}

SlackRows coded_rows(const SlackRows& x, CacheCodes codes) {
  return coded_within(x, kBlock, [codes](const float* of, float* block) {
    const float minimum = code_block(codes, of, block);
    for (int64_t i = 0; i < kBlock; ++i) block[i] += minimum;
  });
}

SlackRows coded_keys(const SlackRows& x, CacheCodes codes) {
  return coded_within(x, kBlock + 1, [codes](const float* of, float* block) {
    block[kBlock] = code_block(codes, of, block);
  });
}

SlackRows coded_queries(const SlackRows& x) {
  return coded_within(x, kBlock + 1, [](const float*, float* block) {
    BlockQ8_1 packed;
    pack_row_scalar(ActivationType::q8_1, block, kBlock, reinterpret_cast<std::byte*>(&packed));
    for (int64_t i = 0; i < kBlock; ++i) block[i] = packed.d * static_cast<float>(packed.codes[i]);
    block[kBlock] = packed.s;
  });
}

}  // namespace crossval
