// What is advised when keys and values do not fit: what does.
#include "native/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/memory.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Hparams one_layer() {
  Hparams h;
  h.n_layer = 1;
  h.head_dim_k = h.head_dim_v = 64;
  h.layers = {LayerKind{}};
  h.layers[0].n_head = h.layers[0].n_head_kv = 2;
  return h;
}

/// The hint for a cache that takes `times` of the memory that is free.
std::string hint(KvType type, double times) {
  const Hparams h = one_layer();
  const double position = 2 * 128 * (type == KvType::f16 ? 2 : 4);  // bytes: keys and values
  const double capacity = times * static_cast<double>(available_memory()) / position;
  const auto cache = KvCache::create(h, type, static_cast<int64_t>(capacity));
  return cache ? "" : cache.error().hint;
}

TEST(KvCache, HalfAsWideIsAdvisedWhereItFits) {
  EXPECT_THAT(hint(KvType::f32, 1.5), HasSubstr(", or --kv f16"));
  EXPECT_THAT(hint(KvType::f32, 3), Not(HasSubstr("--kv")));
  EXPECT_THAT(hint(KvType::f16, 1.5), Not(HasSubstr("--kv")));
}

TEST(KvCache, TheContextThatIsAdvisedFits) {
  for (const double times : {1.5, 3.0, 1e3}) {
    const std::string text = hint(KvType::f16, times);
    ASSERT_THAT(text, HasSubstr("Give -c "));
    const double bytes = std::atof(text.substr(8).c_str()) * 2 * 128 * 2;
    EXPECT_GT(bytes, 0.7 * static_cast<double>(available_memory()));
    EXPECT_LT(bytes, static_cast<double>(available_memory()));
  }
}

// 1 + 2⁻¹² lies between two halves, and 2¹⁷ beyond the largest.
TEST(KvCache, RowsComeBackAsTheyAreStored) {
  for (const KvType type : {KvType::f16, KvType::f32}) {
    auto cache = KvCache::create(one_layer(), type, 40);
    ASSERT_TRUE(cache.has_value());
    std::vector<float> k(3 * 128), v(3 * 128);
    for (size_t i = 0; i < k.size(); ++i) {
      k[i] = static_cast<float>(i) + 0.5F;
      v[i] = -static_cast<float>(i);
    }
    k[1] = 1.0F + 0x1p-12F;
    v[2] = 0x1p17F;
    cache->store(0, 4, 3, k.data(), v.data());
    if (type == KvType::f16) {
      k[1] = 1;
      v[2] = INFINITY;
    }
    EXPECT_EQ(cache->key_rows(0, 4, 3), k);
    EXPECT_EQ(cache->value_rows(0, 4, 3), v);
    EXPECT_EQ(cache->key_rows(0, 5, 1), std::vector(k.begin() + 128, k.begin() + 256));
    EXPECT_EQ(cache->value_rows(0, 5, 1), std::vector(v.begin() + 128, v.begin() + 256));
  }
}

}  // namespace
}  // namespace crossval
