// A fixed set of threads that run the same function on disjoint parts. The partition is static, so
// which thread computes what never depends on timing, and no result depends on the thread count as
// long as a part's results depend on its index alone.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace crossval {

/// Of this machine, at least 1.
int machine_threads();

class ThreadPool {
 public:
  /// `threads` >= 1, the calling thread included.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(begin, end) on at most threads() disjoint ranges that cover [0, n), each a multiple
  /// of `grain` long but the last; returns when all have returned. What a body throws (no memory),
  /// the first of them, is thrown here then. Not reentrant; one caller at a time.
  void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

 private:
  struct Job {
    const std::function<void(int64_t, int64_t)>* body = nullptr;
    int64_t n = 0;
    int64_t chunk = 0;
  };
  void work(int index);
  void run_part(const Job& job, int index);

  // A decode step has hundreds of short loops: who waits first spins for a while, then sleeps.
  std::atomic<uint32_t> generation_ = 0;  // grows with each job, and to stop
  std::atomic<int> running_ = 0;          // workers that have not finished the job
  bool stop_ = false;                     // written before generation_
  Job job_;                               // written before generation_
  std::mutex thrown_mutex_;
  std::exception_ptr thrown_;  // by a body of this job
  std::vector<std::jthread> workers_;
};

}  // namespace crossval
