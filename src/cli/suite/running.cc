#include "cli/suite/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/thread_pool.h"
#include "cli/calibrating.h"
#include "cli/interrupt.h"
#include "cli/launching.h"
#include "cli/progress.h"
#include "launch/chat_templates.h"
#include "launch/reference/program.h"
#include "suite/run.h"

namespace crossval {
namespace {

// One line of progress for all shards; each calls from its own thread.
class SuiteProgress {
 public:
  explicit SuiteProgress(const Console& console) : progress_(console, "runs") {}

  void note(int32_t shard, const std::string& phase, int64_t done, int64_t planned) {
    const std::lock_guard lock(mutex_);
    shards_[shard] = {done, planned};
    int64_t all_done = 0;
    int64_t all_planned = 0;
    for (const auto& [unused, part] : shards_) {
      all_done += part.first;
      all_planned += part.second;
    }
    if (phase != phase_) progress_.phase(phase);
    phase_ = phase;
    progress_.progress(static_cast<int32_t>(all_done), static_cast<int32_t>(all_planned));
  }

 private:
  std::mutex mutex_;
  Progress progress_;
  std::string phase_;
  std::map<int32_t, std::pair<int64_t, int64_t>> shards_;  // done, planned
};

class ShardObserver : public SuiteObserver {
 public:
  ShardObserver(SuiteProgress& progress, int32_t shard) : progress_(progress), shard_(shard) {}

  void loading(const std::string& /*pair*/, int64_t done, int64_t planned) override {
    progress_.note(shard_, "load", done, planned);
  }
  void evaluating(const std::string& /*pair*/, const std::string& /*prompt*/, int64_t done,
                  int64_t planned) override {
    progress_.note(shard_, "evaluate", done, planned);
  }
  void finished(const SuitePromptResult& /*result*/) override {}

 private:
  SuiteProgress& progress_;
  int32_t shard_;
};

Result<SuiteFloor> find_floor(const std::string& what, const EngineSpec& spec,
                              const EngineDefaults& defaults, Engine& engine, const Launch& launch,
                              const Console& console) {
  Console quiet = console;
  quiet.quiet = true;
  Progress progress(quiet);
  const FloorSubject subject{spec, defaults, engine};
  auto known = known_floor(what, subject, launch, progress);
  if (!known) return tl::unexpected(known.error());
  SuiteFloor floor{.floor = known->floor, .path = known->path};
  floor.open_pair = [&spec, &defaults, &engine, &launch, of = known->floor] {
    return open_floor_pair(of, {spec, defaults, engine}, launch);
  };
  return floor;
}

}  // namespace

Result<void> run_shards(const SuiteJob& job, const Console& console) {
  const Interruption interruption;
  SuiteProgress progress(console);
  const int jobs = std::clamp(job.jobs, 1, std::max(1, static_cast<int>(job.shards.size())));
  const int threads =
      job.suite.threads > 0 ? job.suite.threads : std::max(1, machine_threads() / jobs);
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> failed;
  const auto work = [&] {
    for (size_t i = next++; i < job.shards.size(); i = next++) {
      const Launch launch = launch_from(console, {}, interruption.token());
      const ShardPlan plan{.suite = job.suite,
                           .manifest = job.manifest,
                           .prompts = job.prompts,
                           .folder = job.folder,
                           .shard = job.shards[i],
                           .resume = job.resume,
                           .threads = threads,
                           .cache_folder = cache_folder(),
                           .find_floor = [&](const std::string& what, const EngineSpec& spec,
                                             const EngineDefaults& defaults, Engine& engine) {
                             return find_floor(what, spec, defaults, engine, launch, console);
                           }};
      const TemplateRenderer renderer =
          [&launch, templates = ChatTemplates()](const TemplateInput& input) mutable {
            return templates.render(input, launch);
          };
      ShardObserver observer(progress, plan.shard);
      const auto ok = run_shard(plan, renderer, launch, observer);
      if (ok) continue;
      const std::lock_guard lock(mutex);
      if (!failed) failed = ok.error();
      if (launch.stop.stop_requested()) return;
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < jobs; ++i) others.emplace_back(work);
    work();
  }
  if (!failed) return {};
  if (interruption.token().stop_requested() && interruption.signal() != SIGINT) {
    return fail(ExitCode::again, "the run was asked to end; what was finished is kept", job.folder,
                "Go on with --resume.");
  }
  return tl::unexpected(*failed);
}

}  // namespace crossval
