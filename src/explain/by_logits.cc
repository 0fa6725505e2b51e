#include "explain/by_logits.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compare/row_metrics.h"
#include "graph/mistakes.h"
#include "oracle/executor.h"

namespace crossval {
namespace {

using Prompt = std::vector<TokenId>;
using Row = std::vector<float>;

constexpr size_t kPrompts = 12;  // of one size
constexpr size_t kScreened = 3;  // with which a mistake is tried first
constexpr size_t kLongest = 48;  // tokens of the whole prompt that are evaluated
constexpr double kNearer = 0.1;  // of the sound distance: worth a full trial, or a cause

/// Up to `kPrompts` different tokens: the prompt's, then some of the whole vocabulary.
std::vector<Prompt> single_tokens(std::span<const TokenId> ids, int64_t n_vocab) {
  std::vector<Prompt> prompts;
  std::set<TokenId> seen;
  const auto add = [&](TokenId id) {
    if (prompts.size() < kPrompts && seen.insert(id).second) prompts.push_back({id});
  };
  for (const TokenId id : ids) add(id);
  for (size_t i = 1; i <= kPrompts; ++i)
    add(static_cast<TokenId>(static_cast<int64_t>(i) * n_vocab /
                             static_cast<int64_t>(kPrompts + 1)));
  return prompts;
}

/// Neighbours in the prompt, and the whole of it as far as it is not too long.
std::vector<Prompt> longer_prompts(std::span<const TokenId> ids) {
  std::vector<Prompt> prompts;
  for (size_t i = 0; i + 1 < ids.size() && prompts.size() + 1 < kPrompts; ++i)
    prompts.push_back({ids[i], ids[i + 1]});
  if (ids.size() > 2) {
    const auto whole = ids.first(std::min(ids.size(), kLongest));
    prompts.emplace_back(whole.begin(), whole.end());
  }
  return prompts;
}

/// The last row of each prompt.
class Arithmetic {
 public:
  Arithmetic(std::string name, const Truth& truth, CanonicalArithmetic make, bool half)
      : name_(std::move(name)), truth_(truth), make_(std::move(make)), half_(half) {}

  const std::string& name() const { return name_; }

  Result<std::vector<Row>> rows(const Graph& graph, std::span<const Prompt> prompts,
                                const std::stop_token& stop) const {
    const auto computation = make_(graph, truth_.model->hparams, half_);
    if (!computation) return tl::unexpected(computation.error());
    std::vector<Row> rows;
    for (const Prompt& prompt : prompts) {
      const auto keep = [&](int64_t, std::span<const float> row) {
        rows.emplace_back(row.begin(), row.end());
        return true;
      };
      (*computation)->chunk(prompt, 0, std::ssize(prompt) - 1, keep, {}, stop);
      if (stop.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
    }
    return rows;
  }

 private:
  std::string name_;
  const Truth& truth_;
  CanonicalArithmetic make_;
  bool half_;
};

/// Canonical with either cache, and no rounding at all.
std::vector<Arithmetic> arithmetics(const Truth& truth, const ByLogitsPlan& plan) {
  const int threads = plan.threads;
  const auto oracle = [threads](const Graph& graph, const Hparams& hparams,
                                bool) -> Result<std::unique_ptr<Computation>> {
    return std::make_unique<OracleExecutor>(graph, hparams.n_layer, Rounding{}, threads);
  };
  return {{"canonical arithmetic", truth, plan.canonical, true},
          {"canonical arithmetic with a cache in F32", truth, plan.canonical, false},
          {"arithmetic without rounding", truth, oracle, false}};
}

struct Distance {
  double median = 0;  // relative L2
  int32_t identical = 0;
};

Distance distance_of(std::span<const Row> theirs, std::span<const Row> rows) {
  std::vector<double> all;
  Distance distance;
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowMetrics apart = compare_rows(theirs[i], rows[i]);
    all.push_back(apart.relative_l2);
    distance.identical += apart.identical ? 1 : 0;
  }
  const auto middle = all.begin() + std::ssize(all) / 2;
  std::nth_element(all.begin(), middle, all.end());
  distance.median = *middle;
  return distance;
}

/// What the engine makes of the prompts.
Result<std::vector<Row>> rows_of(Engine& engine, std::span<const Prompt> prompts) {
  std::vector<Row> rows;
  for (const Prompt& prompt : prompts) {
    Row last;
    auto done = engine.evaluate({.ids = prompt, .rows = Rows::last},
                                [&](int32_t, const crossval::Row& row) {
                                  last.assign(row.logits.begin(), row.logits.end());
                                  return true;
                                });
    if (!done) return tl::unexpected(done.error());
    rows.push_back(std::move(last));
  }
  return rows;
}

/// One size of prompts.
class Trial {
 public:
  Trial(const Truth& truth, std::vector<Prompt> prompts, std::vector<Row> theirs,
        const std::stop_token& stop)
      : truth_(truth), prompts_(std::move(prompts)), theirs_(std::move(theirs)), stop_(stop) {}

  /// The arithmetic in which a sound model is nearest.
  Result<LogitsDistance> sound(std::span<const Arithmetic> all) const {
    std::optional<LogitsDistance> best;
    for (const Arithmetic& arithmetic : all) {
      auto found = distance(truth_.graph, arithmetic, prompts_.size());
      if (!found) return tl::unexpected(found.error());
      if (!best || found->distance < best->distance) best = *std::move(found);
    }
    return *best;
  }

  /// Under each mistake that brings the logits much nearer than `sound`, nearest first.
  Result<std::vector<LogitsDistance>> mistaken(std::span<const Arithmetic> all,
                                               const LogitsDistance& sound) const {
    std::vector<LogitsDistance> causes;
    for (const Mistake& mistake : mistakes()) {
      if (mistake.rounds) continue;  // everywhere, it is an arithmetic
      Graph edited = truth_.graph;
      if (!mistake.edit(edited, {})) continue;
      std::optional<LogitsDistance> best;
      for (const Arithmetic& arithmetic : all) {
        auto found = distance(edited, arithmetic, std::min(kScreened, prompts_.size()));
        if (!found) return tl::unexpected(found.error());
        if (!(found->distance < kNearer * sound.distance)) continue;
        found = distance(edited, arithmetic, prompts_.size());
        if (!found) return tl::unexpected(found.error());
        if (!best || found->distance < best->distance) best = *std::move(found);
      }
      if (!best || !(best->distance < kNearer * sound.distance)) continue;
      best->mistake = mistake.name;
      best->what = mistake.what;
      causes.push_back(*std::move(best));
    }
    std::ranges::sort(causes, {}, &LogitsDistance::distance);
    return causes;
  }

 private:
  Result<LogitsDistance> distance(const Graph& graph, const Arithmetic& arithmetic,
                                  size_t count) const {
    const auto prompts = std::span(prompts_).first(count);
    const auto rows = arithmetic.rows(graph, prompts, stop_);
    if (!rows) return tl::unexpected(rows.error());
    const Distance apart = distance_of(std::span(theirs_).first(count), *rows);
    return LogitsDistance{.mistake = {},
                          .what = {},
                          .arithmetic = arithmetic.name(),
                          .prompts = static_cast<int32_t>(count),
                          .tokens = static_cast<int32_t>(prompts.front().size()),
                          .distance = apart.median,
                          .identical = apart.identical};
  }

  const Truth& truth_;
  std::vector<Prompt> prompts_;
  std::vector<Row> theirs_;
  const std::stop_token& stop_;
};

}  // namespace

Result<JudgedByLogits> judge_by_logits(const Truth& truth, const ByLogitsPlan& plan, Engine& engine,
                                       const std::stop_token& stop) {
  const std::vector<Arithmetic> all = arithmetics(truth, plan);
  JudgedByLogits judged;
  for (auto& prompts :
       {single_tokens(plan.ids, truth.graph.width(truth.graph.logits)), longer_prompts(plan.ids)}) {
    if (prompts.empty()) break;
    auto theirs = rows_of(engine, prompts);
    if (!theirs) return tl::unexpected(theirs.error());
    const Trial trial(truth, prompts, *std::move(theirs), stop);
    auto sound = trial.sound(all);
    if (!sound) return tl::unexpected(sound.error());
    judged.sound.push_back(*sound);
    if (sound->distance <= kSameLogits) continue;
    auto causes = trial.mistaken(all, *sound);
    if (!causes) return tl::unexpected(causes.error());
    judged.causes = *std::move(causes);
    break;  // what is off here is off in longer prompts too
  }
  return judged;
}

}  // namespace crossval
