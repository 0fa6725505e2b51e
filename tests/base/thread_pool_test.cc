#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <vector>

namespace crossval {
namespace {

TEST(ThreadPool, CoversEachIndexOnceForAnyThreadCountAndGrain) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int64_t n : {0, 1, 2, 7, 64, 1000}) {
      for (const int64_t grain : {1, 4, 64}) {
        std::vector<int> hits(static_cast<size_t>(n), 0);
        pool.parallel_for(n, grain, [&](int64_t begin, int64_t end) {
          EXPECT_EQ(begin % grain, 0);
          for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
        });
        for (const int hit : hits) EXPECT_EQ(hit, 1);
      }
    }
  }
}

}  // namespace
}  // namespace crossval
