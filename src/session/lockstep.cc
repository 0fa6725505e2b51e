#include "session/lockstep.h"

namespace crossval {
namespace {

// With too few rows, as after an error or an exception, this ends the comparison.
struct FinishAtEnd {
  RowExchange& exchange;
  Side side;
  ~FinishAtEnd() { exchange.finish(side); }
};

// An exception of the comparing thread, too, must leave nobody waiting.
struct CancelAtEnd {
  RowExchange& exchange;
  ~CancelAtEnd() { exchange.cancel(); }
};

}  // namespace

Result<void> check_stop(const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
  return {};
}

Result<std::vector<HealthFinding>> run_lockstep(const EnginePair& engines, const LockstepPlan& plan,
                                                const std::stop_token& stop) {
  RowExchange exchange(plan.first, plan.count);
  const std::stop_callback on_stop(stop, [&] { exchange.cancel(); });

  const auto work = [&](Side side, Engine& engine) {
    const FinishAtEnd at_end{exchange, side};
    return plan.rows_of(engine, [&](int32_t position, const Row& row) {
      return exchange.put(side, position, row);
    });
  };
  Result<bool> compared = true;
  const auto compare_all = [&] {
    const CancelAtEnd at_end{exchange};
    while (const auto pair = exchange.next()) {
      compared = plan.compare(*pair);
      if (!compared || !*compared) break;
    }
  };
  const auto done = run_both(engines, work, compare_all);
  if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  if (!compared) return tl::unexpected(compared.error());
  if (!done) return tl::unexpected(done.error());

  std::vector<HealthFinding> findings;
  for (const Side side : {Side::candidate, Side::reference}) {
    if (auto finding = exchange.count_finding(side)) findings.push_back(*std::move(finding));
  }
  return findings;
}

}  // namespace crossval
