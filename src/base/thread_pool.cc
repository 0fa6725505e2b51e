#include "base/thread_pool.h"

#include <algorithm>

namespace crossval {

ThreadPool::ThreadPool(int threads) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
}

void ThreadPool::run_part(const Job& job, int index) {
  const int64_t begin = std::min(job.n, index * job.chunk);
  const int64_t end = std::min(job.n, begin + job.chunk);
  if (begin < end) (*job.body)(begin, end);
}

void ThreadPool::parallel_for(int64_t n, int64_t grain,
                              const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t chunk = (grains + threads() - 1) / threads() * grain;
  const Job job{&body, n, chunk};
  if (workers_.empty() || chunk >= n) {
    body(0, n);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    job_ = job;
    running_ = static_cast<int>(workers_.size());
    ++generation_;
  }
  start_.notify_all();
  run_part(job, 0);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::work(int index) {
  uint64_t seen = 0;
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
      job = job_;
    }
    run_part(job, index);
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

}  // namespace crossval
