#include "explain/proof.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "compare/row_metrics.h"
#include "graph/edit.h"
#include "graph/mistakes.h"
#include "quant/format.h"

namespace crossval {
namespace {

/// Of the last position.
class Logits {
 public:
  Logits(const Hparams& hparams, const CanonicalArithmetic& canonical, bool half,
         std::span<const TokenId> ids, std::span<const int64_t> chunks, const std::stop_token& stop)
      : hparams_(hparams),
        canonical_(canonical),
        half_(half),
        ids_(ids),
        chunks_(chunks),
        stop_(stop) {}

  Result<std::vector<float>> of(const Graph& graph) const {
    const auto computation = canonical_(graph, hparams_, half_);
    if (!computation) return tl::unexpected(computation.error());
    std::vector<float> logits;
    const auto keep = [&](int64_t, std::span<const float> row) {
      logits.assign(row.begin(), row.end());
      return true;
    };
    const int64_t n = std::ssize(ids_);
    for (int64_t first = 0; first < n;) {
      const auto next = std::ranges::upper_bound(chunks_, first);
      const int64_t end = next == chunks_.end() ? n : *next;
      const auto ids = ids_.subspan(static_cast<size_t>(first), static_cast<size_t>(end - first));
      (*computation)->chunk(ids, first, n - 1, keep, {}, stop_);
      first = end;
    }
    if (stop_.stop_requested()) return fail(ExitCode::interrupted, "interrupted");
    return logits;
  }

 private:
  const Hparams& hparams_;
  const CanonicalArithmetic& canonical_;
  bool half_;
  std::span<const TokenId> ids_;
  std::span<const int64_t> chunks_;
  const std::stop_token& stop_;
};

/// How much of guilty − other lies along changed − sound; nothing where they are equal.
std::optional<double> share_of(const Suspect& suspect, const std::vector<float>& changed,
                               const std::vector<float>& sound) {
  double along = 0;
  double whole = 0;
  for (size_t i = 0; i < sound.size(); ++i) {
    const double apart = static_cast<double>(suspect.guilty[i]) - suspect.other[i];
    along += apart * (static_cast<double>(changed[i]) - sound[i]);
    whole += apart * apart;
  }
  if (!(whole > 0)) return std::nullopt;
  return along / whole;
}

}  // namespace

Graph with_values(const Graph& graph, const EngineValues& values, int64_t positions) {
  Graph changed = graph;
  for (const auto& [index, rows] : values) {
    Op& op = changed.ops[index];
    const int64_t width = graph.width(op.output);
    const int64_t given = std::ssize(rows) / width;
    if (given < (index >= graph.head ? 1 : positions)) continue;
    if (std::holds_alternative<ChooseExperts>(op.action)) continue;
    std::vector<std::byte> bytes(rows.size() * sizeof(float));
    std::memcpy(bytes.data(), rows.data(), bytes.size());
    const Matrix table{.format = &weight_format(WeightType::f32),
                       .data = own(changed, std::move(bytes)),
                       .rows = given,
                       .cols = width};
    op.action = EmbedPositions{.table = table, .offset = given - positions};
    op.inputs.clear();
  }
  return changed;
}

Result<CausalProof> prove(const Graph& graph, const Hparams& hparams,
                          const CanonicalArithmetic& canonical, bool half,
                          std::span<const TokenId> ids, const Suspect& suspect,
                          const std::vector<FoundCause>& causes, const std::stop_token& stop) {
  const Logits logits(hparams, canonical, half, ids, suspect.chunks, stop);
  const auto sound = logits.of(graph);
  if (!sound) return tl::unexpected(sound.error());
  CausalProof proof;
  proof.distance = compare_rows(suspect.guilty, *sound).relative_l2;
  const auto changed = logits.of(with_values(graph, suspect.values, std::ssize(ids)));
  if (!changed) return tl::unexpected(changed.error());
  proof.share = share_of(suspect, *changed, *sound);
  if (causes.empty()) return proof;
  Graph mistaken = graph;
  Scope scope;
  if (!suspect.in_several_layers) scope.layer = graph.ops[suspect.op].layer;
  if (!find_mistake(causes.front().mistake)->edit(mistaken, scope)) return proof;
  const auto under = logits.of(mistaken);
  if (!under) return tl::unexpected(under.error());
  const RowMetrics left = compare_rows(suspect.guilty, *under);
  proof.distance_under_cause = left.relative_l2;
  proof.identical_under_cause = left.identical;
  proof.in_all_layers = suspect.in_several_layers;
  return proof;
}

}  // namespace crossval
