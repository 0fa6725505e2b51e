#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>
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

TEST(ThreadPool, WhatABodyThrowsIsThrownToTheCallerWhenAllHaveReturned) {
  ThreadPool pool(4);
  for (int64_t thrower = 0; thrower < 8; ++thrower) {
    std::atomic<int> returned = 0;
    const auto body = [&](int64_t begin, int64_t end) {
      if (begin <= thrower && thrower < end) throw std::bad_alloc();
      ++returned;
    };
    EXPECT_THROW(pool.parallel_for(8, 1, body), std::bad_alloc);
    EXPECT_EQ(returned, 3);
  }
  std::atomic<int64_t> sum = 0;  // and the pool goes on
  pool.parallel_for(8, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
  EXPECT_EQ(sum, 8);
}

TEST(ThreadPool, WakesWorkersThatSpinAndWorkersThatSleep) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum = 0;
  int64_t expected = 0;
  for (int round = 0; round < 300; ++round) {
    if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.parallel_for(9, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    expected += 9;
    EXPECT_EQ(sum, expected);
  }
}

}  // namespace
}  // namespace crossval
