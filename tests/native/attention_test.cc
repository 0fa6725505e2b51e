#include "native/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace crossval {
namespace {

// One head of two values, three cached positions, the naive formula in double beside it.
TEST(Attention, EqualsTheFormula) {
  Hparams h;
  h.n_layer = 1;
  h.layers = {{.n_head = 1, .n_head_kv = 1}};
  h.head_dim_k = h.head_dim_v = 2;
  auto cache = KvCache::create(h, KvType::f32, 3);
  ASSERT_TRUE(cache.has_value());
  const std::vector<float> k = {1, 0, 0, 1, 1, 1};
  const std::vector<float> v = {1, 2, 3, 4, 5, 6};
  cache->store(0, 0, 3, k.data(), v.data());
  Attend shape;
  shape.n_head = 1;
  shape.head_dim_k = shape.head_dim_v = 2;
  shape.scale = 0.5F;
  shape.kv_head = {0};
  ThreadPool pool(1);
  const auto kernels = choose_kernels();
  ASSERT_TRUE(kernels.has_value());
  const std::vector<float> q = {2, 1, 1, 3, 2, 2};
  std::vector<float> out(6);
  attention(**kernels, pool, shape, *cache, 0, 0, 3, q.data(), out.data(), nullptr);
  for (int p = 0; p < 3; ++p) {
    double sum = 0;
    double expected[2] = {0, 0};
    for (int j = 0; j <= p; ++j) {
      const double e = std::exp(0.5 * (q[2 * p] * k[2 * j] + q[2 * p + 1] * k[2 * j + 1]));
      sum += e;
      for (int d = 0; d < 2; ++d) expected[d] += e * v[2 * j + d];
    }
    for (int d = 0; d < 2; ++d) EXPECT_NEAR(out[2 * p + d], expected[d] / sum, 1e-6);
  }
}

// A key that a query does not see takes no part, even where its value is NaN or does not fit into
// binary16; nor does what an earlier sequence left behind.
TEST(Attention, HiddenValuesMayBeAnything) {
  Hparams h;
  h.n_layer = 1;
  h.layers = {{.n_head = 1, .n_head_kv = 1}};
  h.head_dim_k = h.head_dim_v = 8;
  Attend shape;
  shape.n_head = 1;
  shape.head_dim_k = shape.head_dim_v = 8;
  shape.kv_head = {0};
  ThreadPool pool(1);
  const auto kernels = choose_kernels();
  ASSERT_TRUE(kernels.has_value());
  constexpr int64_t kPositions = 20;
  constexpr int64_t kBad = 17;
  std::vector<float> x(kPositions * 8);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  const auto attend = [&](KvCache& cache, int64_t positions, const std::vector<float>& v) {
    std::vector<float> out(static_cast<size_t>(positions * 8));
    cache.store(0, 0, positions, x.data(), v.data());
    attention(**kernels, pool, shape, cache, 0, 0, positions, x.data(), out.data(), nullptr);
    return out;
  };
  for (const KvType type : {KvType::f16, KvType::f32}) {
    auto cache = KvCache::create(h, type, 64);
    ASSERT_TRUE(cache.has_value());
    const auto clean = attend(*cache, kPositions, x);
    for (const float bad : {std::nanf(""), type == KvType::f16 ? 1e6F : INFINITY}) {
      std::vector<float> v = x;
      v[kBad * 8 + 3] = bad;
      const auto out = attend(*cache, kPositions, v);
      for (size_t i = 0; i < kBad * 8; ++i) EXPECT_EQ(out[i], clean[i]) << i;
      for (int64_t p = kBad; p < kPositions; ++p)
        EXPECT_FALSE(std::isfinite(out[static_cast<size_t>(p * 8 + 3)])) << p;
      const auto shorter = attend(*cache, 4, x);  // the bad value still lies behind
      for (size_t i = 0; i < shorter.size(); ++i) EXPECT_EQ(shorter[i], clean[i]) << i;
    }
  }
}

}  // namespace
}  // namespace crossval
