#include "suite/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace crossval {
namespace {

std::array<double, 3> figures_of(const SuitePromptResult& run) {
  return {as_far(1 - run.lowest_cosine), as_far(run.largest_kl),
          static_cast<double>(run.positions - run.same_top)};
}

bool passes(const SuitePromptResult& run) { return exit_code(run) == ExitCode::ok; }

// None: nothing has changed.
std::optional<RunChange> change_of(const SuitePromptResult& before,
                                   const SuitePromptResult& after) {
  if (passes(before) != passes(after)) return passes(after) ? RunChange::passes : RunChange::fails;
  bool larger = false, smaller = false;
  const auto a = figures_of(before), b = figures_of(after);
  for (size_t i = 0; i < a.size(); ++i) {
    larger = larger || b[i] > a[i];
    smaller = smaller || b[i] < a[i];
  }
  if (larger != smaller) return larger ? RunChange::worse : RunChange::better;
  const bool same = !larger && before.verdict == after.verdict &&
                    before.error.has_value() == after.error.has_value();
  return same ? std::nullopt : std::optional(RunChange::mixed);
}

std::vector<std::string> engine_changes(const SuitePairResult& before,
                                        const SuitePairResult& after) {
  std::vector<std::string> changes;
  const auto hold = [&](const char* side, const std::string& spec_before,
                        const std::vector<EngineMark>& a, const std::string& spec_after,
                        const std::vector<EngineMark>& b) {
    const auto note = [&](std::string_view what, std::string_view was, std::string_view is) {
      if (was != is) changes.push_back(fmt::format("{} {}: {} → {}", side, what, was, is));
    };
    note("engine", spec_before, spec_after);
    for (const EngineMark& mark : b) {
      const auto at = std::ranges::find(a, mark.name, &EngineMark::name);
      note(mark.name, at == a.end() ? "none" : std::string_view(at->value), mark.value);
    }
  };
  hold("candidate", before.candidate, before.candidate_marks, after.candidate,
       after.candidate_marks);
  hold("reference", before.reference, before.reference_marks, after.reference,
       after.reference_marks);
  return changes;
}

using Runs = std::map<std::string, const SuitePromptResult*>;  // by prompt id

Runs runs_of(const SuiteResult& suite, const SuitePairResult* pair) {
  Runs runs;
  if (pair == nullptr) return runs;
  for (const SuitePromptResult& run : pair->prompts)
    runs.emplace(suite.prompts[static_cast<size_t>(run.prompt)], &run);
  return runs;
}

const SuitePairResult* pair_called(const SuiteResult& suite, const std::string& name) {
  const auto at = std::ranges::find(suite.pairs, name, &SuitePairResult::name);
  return at == suite.pairs.end() ? nullptr : &*at;
}

std::vector<JudgedLimit> newly_broken(const SuitePairResult* before, const SuitePairResult& after) {
  std::vector<JudgedLimit> broken;
  for (const JudgedLimit& limit : after.limits) {
    const auto was_broken = [&](const JudgedLimit& old) {
      return old.limit.figure == limit.limit.figure && old.state == LimitState::broken;
    };
    if (limit.state != LimitState::broken) continue;
    if (before == nullptr || std::ranges::none_of(before->limits, was_broken))
      broken.push_back(limit);
  }
  return broken;
}

PairDifference difference_of(const std::string& name, const SuiteResult& before,
                             const SuiteResult& after) {
  const SuitePairResult* a = pair_called(before, name);
  const SuitePairResult* b = pair_called(after, name);
  PairDifference pair{.name = name, .before = a != nullptr, .after = b != nullptr};
  if (a != nullptr) pair.statistics_before = a->statistics;
  if (b != nullptr) pair.statistics_after = b->statistics;
  if (b != nullptr) pair.broken_limits = newly_broken(a, *b);
  if (a != nullptr && b != nullptr) pair.engine_changes = engine_changes(*a, *b);
  Runs old = runs_of(before, a);
  for (const auto& [id, run] : runs_of(after, b)) {
    const auto was = old.extract(id);
    if (was.empty()) {
      const RunChange change = passes(*run) ? RunChange::added : RunChange::fails;
      pair.runs.push_back({id, change, std::nullopt, *run});
    } else if (const auto change = change_of(*was.mapped(), *run)) {
      pair.runs.push_back({id, *change, *was.mapped(), *run});
    } else {
      ++pair.same;
    }
  }
  for (const auto& [id, run] : old) pair.runs.push_back({id, RunChange::gone, *run, std::nullopt});
  std::ranges::sort(pair.runs, {}, [](const ChangedRun& run) {
    const double distance = run.after ? figures_of(*run.after)[0] : 0;
    return std::tuple(run.change, -distance, run.prompt);
  });
  return pair;
}

}  // namespace

SuiteDifference suite_difference(const SuiteResult& before, const SuiteResult& after) {
  SuiteDifference difference{.before = before.folder,
                             .after = after.folder,
                             .complete = before.complete() && after.complete()};
  for (const SuitePairResult& pair : after.pairs)
    difference.pairs.push_back(difference_of(pair.name, before, after));
  for (const SuitePairResult& pair : before.pairs) {
    if (pair_called(after, pair.name) == nullptr)
      difference.pairs.push_back(difference_of(pair.name, before, after));
  }
  return difference;
}

}  // namespace crossval
