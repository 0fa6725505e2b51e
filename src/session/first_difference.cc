#include "session/first_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "session/lockstep.h"
#include "session/trace_hashes.h"

namespace crossval {
namespace {

// The tensor in question, and the positions that both sides have of it.
struct Suspect {
  TensorKey key;
  int32_t layer = -1;
  int32_t first = 0, count = 0;
  std::string last_equal;
};

Result<void> hash_traces(const EnginePair& engines, std::span<const TokenId> ids,
                         const std::stop_token& stop, TraceHashes& candidate,
                         TraceHashes& reference) {
  std::atomic<bool> failed = false;
  const auto work = [&](Side side, Engine& engine) {
    TraceHashes& hashes = side == Side::candidate ? candidate : reference;
    Result<void> tensors;
    auto done = engine.trace(ids, [&](const TraceTensor& tensor) {
      if (failed || stop.stop_requested()) return false;
      tensors = check_tensor(tensor, static_cast<int32_t>(ids.size()));
      if (tensors) hashes.add(tensor);
      return tensors.has_value();
    });
    if (done && !tensors) done = tensors;
    if (!done) failed = true;
    return done;
  };
  const auto done = run_both(engines, work, [] {});
  if (auto running = check_stop(stop); !running) return running;
  return done;
}

// Positions of `key` that both sides have.
std::vector<int32_t> common_positions(const TraceHashes& a, const TraceHashes& b,
                                      const TensorKey& key) {
  std::vector<int32_t> positions;
  const auto left = a.tensors().find(key), right = b.tensors().find(key);
  if (left == a.tensors().end() || right == b.tensors().end()) return positions;
  for (size_t i = 0; i < left->second.size(); ++i) {
    if (left->second[i] && right->second[i]) positions.push_back(static_cast<int32_t>(i));
  }
  return positions;
}

std::vector<std::string> list_unpartnered(const TraceHashes& own, const TraceHashes& other) {
  std::vector<std::string> labels;
  for (const auto& visit : own.visits()) {
    const std::string label = label_of(visit.key);
    if (common_positions(own, other, visit.key).empty() &&
        std::ranges::find(labels, label) == labels.end()) {
      labels.push_back(label);
    }
  }
  return labels;
}

// How many positions of this visit both sides have, and whether one of them differs.
std::pair<int32_t, bool> look_at(const TraceHashes::Visit& visit, const TraceHashes& candidate,
                                 const TraceHashes& reference) {
  int32_t compared = 0;
  bool differs = false;
  for (int32_t p = visit.first; p < visit.first + visit.positions; ++p) {
    const auto a = candidate.hash(visit.key, p), b = reference.hash(visit.key, p);
    if (!a || !b) continue;
    ++compared;
    differs = differs || *a != *b;
  }
  return {compared, differs};
}

std::optional<Suspect> find_suspect(const TraceHashes& candidate, const TraceHashes& reference) {
  std::string last_equal;
  for (const auto& visit : candidate.visits()) {
    const auto [compared, differs] = look_at(visit, candidate, reference);
    if (differs) {
      const auto common = common_positions(candidate, reference, visit.key);
      return Suspect{visit.key, visit.layer, common.front(), common.back() - common.front() + 1,
                     last_equal};
    }
    if (compared > 0) last_equal = label_of(visit.key);
  }
  return std::nullopt;
}

// Hands out the rows of the suspect, and of nothing else.
Result<void> suspect_rows(const Suspect& suspect, std::span<const TokenId> ids, Engine& engine,
                          const RowSink& sink) {
  std::vector<float> scratch;
  const int32_t end = suspect.first + suspect.count;
  return engine.trace(ids, [&](const TraceTensor& tensor) {
    if (key_of(tensor) != suspect.key) return true;
    if (!check_tensor(tensor, static_cast<int32_t>(ids.size()))) return false;
    for (int32_t i = 0; i < tensor.positions; ++i) {
      const int32_t position = tensor.first_position + i;
      if (position < suspect.first || position >= end) continue;
      if (!sink(position, row_of(tensor, i, scratch))) return false;
    }
    return tensor.first_position + tensor.positions < end;
  });
}

void compare_row(const RowPair& pair, FirstDifference& found) {
  for (size_t i = 0; i < std::min(pair.candidate.size(), pair.reference.size()); ++i) {
    const float c = pair.candidate[i], r = pair.reference[i];
    ++found.compared;
    if (std::bit_cast<uint32_t>(c) == std::bit_cast<uint32_t>(r)) continue;
    if (found.differing++ == 0) {
      found.position = pair.position;
      found.element = static_cast<int64_t>(i);
      found.width = std::ssize(pair.candidate);
      found.candidate = c;
      found.reference = r;
    }
    const double distance = std::fabs(double{c} - double{r});
    if (std::isnan(distance) || distance > found.max_abs_diff) found.max_abs_diff = distance;
  }
}

Result<FirstDifference> look_inside(const Suspect& suspect, const EnginePair& engines,
                                    std::span<const TokenId> ids, const std::stop_token& stop) {
  FirstDifference found;
  found.tensor = suspect.key.name;
  found.op = suspect.key.op;
  found.occurrence = suspect.key.occurrence;
  found.layer = suspect.layer;
  found.last_equal = suspect.last_equal;
  LockstepPlan plan;
  plan.first = suspect.first;
  plan.count = suspect.count;
  plan.rows_of = [&](Engine& engine, const RowSink& sink) {
    return suspect_rows(suspect, ids, engine, sink);
  };
  plan.compare = [&](const RowPair& pair) -> Result<bool> {
    compare_row(pair, found);
    return true;
  };
  const auto missing = run_lockstep(engines, plan, stop);
  if (!missing) return tl::unexpected(missing.error());
  if (!missing->empty() || found.differing == 0) {
    return fail(ExitCode::engine_failed,
                "two traces of the same ids are not the same: an engine is not deterministic",
                fmt::format("tensor {}", label_of(suspect.key)));
  }
  return found;
}

}  // namespace

Result<TraceComparison> compare_traces(const EnginePair& engines, std::span<const TokenId> ids,
                                       const std::stop_token& stop) {
  TraceHashes candidate(static_cast<int32_t>(ids.size()));
  TraceHashes reference(static_cast<int32_t>(ids.size()));
  if (auto ok = hash_traces(engines, ids, stop, candidate, reference); !ok) {
    return tl::unexpected(ok.error());
  }
  TraceComparison result;
  result.only_candidate = list_unpartnered(candidate, reference);
  result.only_reference = list_unpartnered(reference, candidate);
  result.tensors_compared = std::ranges::count_if(candidate.tensors(), [&](const auto& tensor) {
    return !common_positions(candidate, reference, tensor.first).empty();
  });
  const auto suspect = find_suspect(candidate, reference);
  if (!suspect) return result;
  auto first = look_inside(*suspect, engines, ids, stop);
  if (!first) return tl::unexpected(first.error());
  result.differs = true;
  result.first = *std::move(first);
  return result;
}

}  // namespace crossval
