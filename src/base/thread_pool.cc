#include "base/thread_pool.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace crossval {
namespace {

/// Tens of microseconds: longer than the serial work between two loops of a decode step.
constexpr int kSpins = 4000;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Returns once `value` is no longer `old`.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    const T now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

int machine_threads() {
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
}

void ThreadPool::run_part(const Job& job, int index) {
  const int64_t begin = std::min(job.n, index * job.chunk);
  const int64_t end = std::min(job.n, begin + job.chunk);
  if (begin >= end) return;
  try {
    (*job.body)(begin, end);
  } catch (...) {
    const std::scoped_lock lock(thrown_mutex_);
    if (!thrown_) thrown_ = std::current_exception();
  }
}

void ThreadPool::parallel_for(int64_t n, int64_t grain,
                              const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t chunk = (grains + threads() - 1) / threads() * grain;
  if (workers_.empty() || chunk >= n) {
    body(0, n);
    return;
  }
  job_ = {&body, n, chunk};
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  run_part(job_, 0);
  for (int left = running_.load(std::memory_order_acquire); left != 0;)
    left = wait_for_change(running_, left);
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void ThreadPool::work(int index) {
  uint32_t seen = 0;
  for (;;) {
    seen = wait_for_change(generation_, seen);
    if (stop_) return;
    run_part(job_, index);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

}  // namespace crossval
