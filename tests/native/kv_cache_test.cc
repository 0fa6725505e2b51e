// What is advised when keys and values do not fit: what does.
#include "native/kv_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

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

}  // namespace
}  // namespace crossval
