#include "native/kv_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/float16.h"
#include "base/memory.h"

namespace crossval {
namespace {

constexpr uint64_t kMegabyte = 1'000'000;
constexpr int64_t kWholeStep = 32;          // dots over positions run in whole steps
constexpr uint16_t kHalfExponent = 0x7C00;  // all ones: infinity or NaN

// False when what is stored is not finite: binary16 ends at 65504.
bool put(std::byte* at, KvType type, float value) {
  if (type == KvType::f32) {
    std::memcpy(at, &value, sizeof(value));
    return std::isfinite(value);
  }
  const uint16_t half = f32_to_f16(value);
  std::memcpy(at, &half, sizeof(half));
  return (half & kHalfExponent) != kHalfExponent;
}

// What fits: nine tenths of what is free, in whole runs of 32; f16 where that alone is enough.
std::string advice(int64_t capacity, uint64_t bytes, uint64_t available, KvType type) {
  const double share = 0.9 * static_cast<double>(available) / static_cast<double>(bytes);
  const auto fitting = static_cast<int64_t>(share * static_cast<double>(capacity)) / 32 * 32;
  if (fitting == 0) return "Free some memory.";
  return fmt::format("Give -c {} or less{}.", fitting,
                     type == KvType::f32 && share >= 0.5 ? ", or --kv f16" : "");
}

}  // namespace

Result<KvCache> KvCache::create(const Hparams& h, KvType type, int64_t capacity) {
  KvCache cache;
  cache.type_ = type;
  cache.element_ = type == KvType::f16 ? 2 : 4;
  cache.capacity_ = (capacity + kWholeStep - 1) / kWholeStep * kWholeStep;
  cache.head_dim_k_ = h.head_dim_k;
  cache.head_dim_v_ = h.head_dim_v;
  int64_t k_values = 0;
  int64_t v_values = 0;
  for (const LayerKind& layer : h.layers) {
    cache.parts_.push_back({h.k_width(layer), h.v_width(layer), k_values, v_values, true});
    k_values += cache.capacity_ * h.k_width(layer);
    v_values += cache.capacity_ * h.v_width(layer);
  }
  const auto bytes = static_cast<uint64_t>((k_values + v_values) * cache.element_);
  const uint64_t available = available_memory();
  if (bytes <= available) {
    cache.k_ = ZeroedBytes(static_cast<size_t>(k_values * cache.element_));
    cache.v_ = ZeroedBytes(static_cast<size_t>(v_values * cache.element_));
  }
  if (cache.k_.data() == nullptr || cache.v_.data() == nullptr) {
    return fail(ExitCode::engine_failed,
                fmt::format("a KV cache of {} positions takes {} MB, {} MB of memory are available",
                            capacity, bytes / kMegabyte, available / kMegabyte),
                "engine native", advice(cache.capacity_, bytes, available, type));
  }
  return cache;
}

void KvCache::store(int64_t layer, int64_t first, int64_t n, const float* k, const float* v) {
  Part& part = parts_[static_cast<size_t>(layer)];
  for (int64_t p = 0; p < n; ++p) {
    std::byte* key = k_.data() + (part.k_start + (first + p) * part.k_width) * element_;
    for (int64_t i = 0; i < part.k_width; ++i)
      put(key + i * element_, type_, k[p * part.k_width + i]);
  }
  const int64_t end = first + n;
  const int64_t filled = (end + kWholeStep - 1) / kWholeStep * kWholeStep;
  bool finite = first == 0 || part.finite_values;
  for (int64_t i = 0; i < part.v_width; ++i) {
    std::byte* row = v_.data() + (part.v_start + i * capacity_ + first) * element_;
    for (int64_t p = 0; p < n; ++p)
      finite = put(row + p * element_, type_, v[p * part.v_width + i]) && finite;
    std::fill(row + n * element_, row + (filled - first) * element_, std::byte{0});
  }
  part.finite_values = finite;
}

float KvCache::read(const ZeroedBytes& bytes, int64_t at) const {
  if (type_ == KvType::f32) {
    float value = 0;
    std::memcpy(&value, bytes.data() + at * element_, sizeof(value));
    return value;
  }
  uint16_t half = 0;
  std::memcpy(&half, bytes.data() + at * element_, sizeof(half));
  return f16_to_f32(half);
}

std::vector<float> KvCache::key_rows(int64_t layer, int64_t first, int64_t n) const {
  const Part& part = at(layer);
  std::vector<float> rows;
  rows.reserve(static_cast<size_t>(n * part.k_width));
  for (int64_t i = 0; i < n * part.k_width; ++i)
    rows.push_back(read(k_, part.k_start + first * part.k_width + i));
  return rows;
}

std::vector<float> KvCache::value_rows(int64_t layer, int64_t first, int64_t n) const {
  const Part& part = at(layer);
  std::vector<float> rows;
  rows.reserve(static_cast<size_t>(n * part.v_width));
  for (int64_t p = first; p < first + n; ++p) {
    for (int64_t i = 0; i < part.v_width; ++i)
      rows.push_back(read(v_, part.v_start + i * capacity_ + p));
  }
  return rows;
}

const std::byte* KvCache::keys(int64_t layer, int64_t head) const {
  return k_.data() + (at(layer).k_start + head * head_dim_k_) * element_;
}

const std::byte* KvCache::values(int64_t layer, int64_t head) const {
  return v_.data() + (at(layer).v_start + head * head_dim_v_ * capacity_) * element_;
}

}  // namespace crossval
