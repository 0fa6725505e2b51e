#include "explain/cache_codes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/float16.h"
#include "explain/units.h"
#include "quant/activation.h"

namespace crossval {
namespace {

constexpr int64_t kBlock = 32;

struct Name {
  CacheCodes codes;
  std::string_view name, words;
};
constexpr std::array kNames = {
    Name{CacheCodes::q8_0, "q8_0", "Q8_0"}, Name{CacheCodes::q5_1, "q5_1", "Q5_1"},
    Name{CacheCodes::q5_0, "q5_0", "Q5_0"}, Name{CacheCodes::q4_1, "q4_1", "Q4_1"},
    Name{CacheCodes::q4_0, "q4_0", "Q4_0"}};

float half(float x) { return f16_to_f32(f32_to_f16(x)); }

/// d = the value furthest from 0 over -levels; codes 0 … 2 levels - 1 less `levels`.
void code_around_zero(float levels, float* x) {
  float furthest = 0;
  for (int64_t i = 0; i < kBlock; ++i)
    if (std::abs(x[i]) > std::abs(furthest)) furthest = x[i];
  const float d = furthest / -levels;
  const float multiplier = d == 0 ? 0.0F : 1.0F / d;
  for (int64_t i = 0; i < kBlock; ++i) {
    const float code = std::min(2 * levels - 1, std::trunc(x[i] * multiplier + levels + 0.5F));
    x[i] = (code - levels) * half(d);
  }
}

/// d = (largest - smallest) / levels, codes 0 … levels above the smallest.
void code_above_minimum(float levels, float* x) {
  const auto [low, high] = std::minmax_element(x, x + kBlock);
  const float minimum = *low;
  const float d = (*high - minimum) / levels;
  const float multiplier = d == 0 ? 0.0F : 1.0F / d;
  for (int64_t i = 0; i < kBlock; ++i) {
    const float code = std::min(levels, std::trunc((x[i] - minimum) * multiplier + 0.5F));
    x[i] = code * half(d) + half(minimum);
  }
}

void code_in_bytes(float* x) {
  BlockQ8_0 block;
  pack_row_scalar(ActivationType::q8_0, x, kBlock, reinterpret_cast<std::byte*>(&block));
  for (int64_t i = 0; i < kBlock; ++i) x[i] = block.d * static_cast<float>(block.codes[i]);
}

void code_block(CacheCodes codes, float* x) {
  switch (codes) {
    case CacheCodes::none:
      return;
    case CacheCodes::q8_0:
      return code_in_bytes(x);
    case CacheCodes::q5_1:
      return code_above_minimum(31, x);
    case CacheCodes::q5_0:
      return code_around_zero(16, x);
    case CacheCodes::q4_1:
      return code_above_minimum(15, x);
    case CacheCodes::q4_0:
      return code_around_zero(8, x);
  }
}

/// Of x + sign · slack.
std::vector<double> coded(const SlackRows& x, double sign, CacheCodes codes) {
  std::vector<double> out(x.values.size());
  float block[kBlock];
  for (size_t begin = 0; begin + kBlock <= out.size(); begin += kBlock) {
    for (size_t i = 0; i < kBlock; ++i)
      block[i] = static_cast<float>(x.values[begin + i] + sign * x.slack[begin + i]);
    code_block(codes, block);
    std::copy_n(block, kBlock, out.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return out;
}

}  // namespace

std::optional<CacheCodes> cache_codes(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  if (found == kNames.end()) return std::nullopt;
  return found->codes;
}

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
  SlackRows out{coded(x, 0, codes), std::vector<double>(x.values.size())};
  if (std::ranges::all_of(x.slack, [](double off) { return off == 0; })) return out;
  const std::vector<double> low = coded(x, -kLimit, codes);
  const std::vector<double> high = coded(x, kLimit, codes);
  for (size_t i = 0; i < out.values.size(); ++i)
    out.slack[i] = std::max(std::abs(low[i] - out.values[i]), std::abs(high[i] - out.values[i]));
  return out;
}

}  // namespace crossval
