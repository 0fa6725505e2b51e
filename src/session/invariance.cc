#include "session/invariance.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "compare/row_metrics.h"
#include "compare/top_metrics.h"
#include "gate/health.h"
#include "session/lockstep.h"

namespace crossval {
namespace {

const RowSink kDropped = [](int32_t, const Row&) { return true; };

// Evaluates `ids` from `first` on and keeps to what the sink wants.
Result<Outcome> feed(Engine& engine, std::span<const TokenId> ids, size_t first, size_t count,
                     const RowSink& sink) {
  return engine.evaluate({.ids = ids.subspan(first, count), .first = static_cast<int32_t>(first)},
                         sink);
}

Result<Outcome> feed_varied(const CellPlan& plan, Engine& engine, const RowSink& sink) {
  const size_t count = plan.ids.size(), half = count / 2;
  switch (plan.feeding) {
    case Feeding::again:
      if (auto before = feed(engine, plan.ids, 0, count, kDropped); !before) return before;
      break;
    case Feeding::halves:
    case Feeding::steps: {
      const size_t piece = plan.feeding == Feeding::halves ? count - half : 1;
      if (half == 0) break;
      auto done = feed(engine, plan.ids, 0, half, sink);
      for (size_t at = half; done == Outcome::complete && at < count; at += piece)
        done = feed(engine, plan.ids, at, std::min(piece, count - at), sink);
      return done;
    }
    case Feeding::at_once:
    case Feeding::together:
      break;
  }
  return feed(engine, plan.ids, 0, count, sink);
}

// Each computes the ids in another order, over and over until it is told to stop.
class Company {
 public:
  Company(std::span<const TokenId> ids, std::span<const std::unique_ptr<Engine>> engines) {
    for (const auto& engine : engines) {
      std::vector<TokenId> own(ids.rbegin(), ids.rend());
      std::ranges::rotate(own, own.begin() + std::ssize(threads_) % std::ssize(own));
      threads_.emplace_back([engine = engine.get(), own](const std::stop_token& stop) {
        const RowSink until_stopped = [&](int32_t, const Row&) { return !stop.stop_requested(); };
        while (!stop.stop_requested())
          if (!engine->evaluate({.ids = own}, until_stopped)) return;
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;  // stopped and joined at the end
};

bool same_list(const TopRow& a, const TopRow& b) { return a.tokens == b.tokens; }

// Whether they are the same; else how far they are apart.
bool is_same(const Row& varied, const Row& base, double& distance) {
  if (base.content == RowContent::top) {
    if (same_list(*varied.top, *base.top)) return true;
    distance = compare_top_rows({.top = varied.top}, {.top = base.top}).max_abs_diff;
    return false;
  }
  const RowMetrics metrics = compare_rows(varied.logits, base.logits);
  distance = metrics.relative_l2;
  return metrics.identical;
}

}  // namespace

Result<void> run_cell(const CellPlan& plan, Engine& varied, Engine& base,
                      const std::function<void(int32_t)>& done, const std::stop_token& stop,
                      InvarianceCell& cell) {
  const EnginePair engines{varied, base};
  const Company company(plan.ids, plan.others);
  LockstepPlan lockstep;
  lockstep.count = static_cast<int32_t>(plan.ids.size());
  lockstep.rows_of = [&](Engine& engine, const RowSink& sink) {
    return &engine == &varied ? feed_varied(plan, engine, sink)
                              : feed(engine, plan.ids, 0, plan.ids.size(), sink);
  };
  lockstep.compare = [&](const RowPair& pair) -> Result<bool> {
    for (const Side side : {Side::candidate, Side::reference}) {
      const int32_t n_vocab = engines.of(side).info().settings.n_vocab;
      if (const auto finding = check_row(side, pair.position, pair.of(side), n_vocab))
        return unhealthy_logits(*finding, engine_label(engines, side));
    }
    double distance = 0;
    if (!is_same(pair.candidate, pair.reference, distance)) {
      if (cell.differing++ == 0) cell.first = pair.position;
      cell.distance = std::max(cell.distance, distance);
    }
    done(++cell.rows);
    return true;
  };
  const auto missing = run_lockstep(engines, lockstep, stop);
  if (!missing) return tl::unexpected(missing.error());
  if (!missing->empty())
    return unhealthy_logits(missing->front(), engine_label(engines, missing->front().side));
  cell.state = cell.differing == 0 ? CellState::same : CellState::differs;
  return {};
}

}  // namespace crossval
