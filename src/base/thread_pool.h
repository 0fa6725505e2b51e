// A fixed set of threads that run the same function on disjoint parts. The partition is static, so
// which thread computes what never depends on timing, and no result depends on the thread count as
// long as a part's results depend on its index alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace crossval {

class ThreadPool {
 public:
  /// `threads` >= 1, the calling thread included.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(begin, end) on at most threads() disjoint ranges that cover [0, n), each a multiple
  /// of `grain` long but the last; returns when all have returned. Not reentrant; one caller at a
  /// time. The body must not throw.
  void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

 private:
  struct Job {
    const std::function<void(int64_t, int64_t)>* body = nullptr;
    int64_t n = 0;
    int64_t chunk = 0;
  };
  void work(int index);
  static void run_part(const Job& job, int index);

  // A decode step has hundreds of short loops: who waits first spins for a while, then sleeps.
  std::atomic<uint32_t> generation_ = 0;  // grows with each job, and to stop
  std::atomic<int> running_ = 0;          // workers that have not finished the job
  bool stop_ = false;                     // written before generation_
  Job job_;                               // written before generation_
  std::vector<std::jthread> workers_;
};

}  // namespace crossval
