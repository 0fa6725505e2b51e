#include "session/first_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "protocol/row_hash.h"
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
  std::string weight;
  std::vector<TensorInput> inputs;
};

Result<void> hash_traces(const EnginePair& engines, std::span<const TokenId> ids,
                         const std::stop_token& stop, TraceHashes& candidate,
                         TraceHashes& reference) {
  std::atomic<bool> failed = false;
  const bool state =
      engines.candidate.info().capabilities.state && engines.reference.info().capabilities.state;
  const auto work = [&](Side side, Engine& engine) {
    TraceHashes& hashes = side == Side::candidate ? candidate : reference;
    auto done =
        engine.trace({.ids = ids, .selection = {.state = state}}, [&](const TraceTensor& tensor) {
          if (failed || stop.stop_requested()) return false;
          hashes.add(tensor);
          return true;
        });
    if (!done) failed = true;
    return done;
  };
  auto done = run_both(engines, work, [] {});
  if (auto running = check_stop(stop); !running) return running;
  return done;
}

const TraceHashes::Hashes* find_tensor(const TraceHashes& trace, const TensorKey& key) {
  const auto found = trace.tensors().find(key);
  return found == trace.tensors().end() ? nullptr : &found->second;
}

// What both sides have of one tensor.
struct Common {
  int32_t first = -1, last = -1;  // -1: not one position
  bool differs = false;
};

Common compare_positions(const TraceHashes& candidate, const TraceHashes& reference,
                         const TensorKey& key, int32_t first, int32_t end) {
  Common common;
  const auto* a = find_tensor(candidate, key);
  const auto* b = find_tensor(reference, key);
  if (a == nullptr || b == nullptr) return common;
  for (int32_t p = first; p < end; ++p) {
    const uint64_t left = (*a)[static_cast<size_t>(p)], right = (*b)[static_cast<size_t>(p)];
    if (left == 0 || right == 0) continue;
    if (common.first < 0) common.first = p;
    common.last = p;
    common.differs = common.differs || left != right;
  }
  return common;
}

// What the suspect was computed from, by the candidate's account or else the reference's.
void name_inputs(const TraceHashes& candidate, const TraceHashes& reference, int32_t positions,
                 Suspect& suspect) {
  const TensorSources& own = candidate.sources_of(suspect.key);
  const TensorSources& sources = own.known() ? own : reference.sources_of(suspect.key);
  suspect.weight = sources.weight;
  for (const std::string& label : sources.inputs) {
    TensorInput input{.tensor = label};
    if (const TensorKey* key = candidate.find_label(label)) {
      const Common common = compare_positions(candidate, reference, *key, 0, positions);
      input.compared = common.first >= 0;
      input.equal = input.compared && !common.differs;
    }
    suspect.inputs.push_back(std::move(input));
  }
}

std::optional<Suspect> find_suspect(const TraceHashes& candidate, const TraceHashes& reference,
                                    int32_t positions) {
  const TensorKey* last_equal = nullptr;
  for (const auto& visit : candidate.visits()) {
    const auto here = compare_positions(candidate, reference, *visit.key, visit.first,
                                        visit.first + visit.positions);
    if (here.differs) {
      const auto all = compare_positions(candidate, reference, *visit.key, 0, positions);
      Suspect suspect{.key = *visit.key,
                      .layer = visit.layer,
                      .first = all.first,
                      .count = all.last - all.first + 1,
                      .last_equal = last_equal == nullptr ? "" : label_of(*last_equal),
                      .weight = {},
                      .inputs = {}};
      name_inputs(candidate, reference, positions, suspect);
      return suspect;
    }
    if (here.first >= 0) last_equal = visit.key;
  }
  return std::nullopt;
}

// Labels of the tensors that have no position in common with the other side, in graph order.
std::vector<std::string> list_unpartnered(const TraceHashes& own, const TraceHashes& other,
                                          int32_t positions) {
  std::vector<std::string> labels;
  std::set<const TensorKey*> seen;
  for (const auto& visit : own.visits()) {
    if (!seen.insert(visit.key).second) continue;
    if (compare_positions(own, other, *visit.key, 0, positions).first < 0) {
      labels.push_back(label_of(*visit.key));
    }
  }
  return labels;
}

// Hands out the rows of the suspect. Name and operation may come again in one graph.
Result<Outcome> suspect_rows(const Suspect& suspect, std::span<const TokenId> ids, Engine& engine,
                             const RowSink& sink) {
  std::vector<float> scratch;
  const int32_t end = suspect.first + suspect.count;
  const TraceRequest request = {.ids = ids,
                                .selection = {.names = {suspect.key.name},
                                              .ops = {suspect.key.op},
                                              .positions = {suspect.first, end},
                                              .state = suspect.key.op == kStateOp}};
  return engine.trace(request, [&](const TraceTensor& tensor) {
    if (key_of(tensor) != suspect.key) return true;
    for (int32_t i = 0; i < tensor.positions; ++i) {
      if (!sink(tensor.first_position + i, row_of(tensor, i, scratch))) return false;
    }
    return tensor.first_position + tensor.positions < end;
  });
}

void compare_row(const RowPair& pair, FirstDifference& found) {
  const std::span<const float> candidate = pair.candidate.logits, reference = pair.reference.logits;
  for (size_t i = 0; i < std::min(candidate.size(), reference.size()); ++i) {
    const float c = candidate[i], r = reference[i];
    ++found.compared;
    if (std::bit_cast<uint32_t>(c) == std::bit_cast<uint32_t>(r)) continue;
    if (std::isnan(c) && std::isnan(r)) continue;  // its sign and payload mean nothing
    if (found.differing++ == 0) {
      found.position = pair.position;
      found.element = static_cast<int64_t>(i);
      found.width = std::ssize(candidate);
      found.candidate = c;
      found.reference = r;
    }
    const double distance = std::fabs(double{c} - double{r});
    if (std::isnan(distance) || distance > found.max_abs_diff) found.max_abs_diff = distance;
  }
}

FirstDifference named(const Suspect& suspect) {
  FirstDifference found;
  found.tensor = suspect.key.name;
  found.op = suspect.key.op;
  found.occurrence = suspect.key.occurrence;
  found.layer = suspect.layer;
  found.last_equal = suspect.last_equal;
  found.weight = suspect.weight;
  found.inputs = suspect.inputs;
  return found;
}

// Of hashes alone no more is known than where.
FirstDifference by_hashes(const Suspect& suspect, const TraceHashes& candidate,
                          const TraceHashes& reference) {
  FirstDifference found = named(suspect);
  found.position = suspect.first;
  const int32_t end = suspect.first + suspect.count;
  while (found.position + 1 < end &&
         !compare_positions(candidate, reference, suspect.key, found.position, found.position + 1)
              .differs)
    ++found.position;
  found.width = suspect.key.width;
  found.element = -1;
  found.candidate = found.reference = std::numeric_limits<float>::quiet_NaN();
  found.max_abs_diff = std::numeric_limits<double>::quiet_NaN();
  return found;
}

Result<FirstDifference> look_inside(const Suspect& suspect, const EnginePair& engines,
                                    std::span<const TokenId> ids, const std::stop_token& stop) {
  FirstDifference found = named(suspect);
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
  const auto positions = static_cast<int32_t>(ids.size());
  TraceHashes candidate(positions), reference(positions);
  if (auto ok = hash_traces(engines, ids, stop, candidate, reference); !ok) {
    return tl::unexpected(ok.error());
  }
  TraceComparison result;
  result.only_candidate = list_unpartnered(candidate, reference, positions);
  result.only_reference = list_unpartnered(reference, candidate, positions);
  result.tensors_compared = std::ranges::count_if(candidate.tensors(), [&](const auto& tensor) {
    return compare_positions(candidate, reference, tensor.first, 0, positions).first >= 0;
  });
  const auto suspect = find_suspect(candidate, reference, positions);
  if (!suspect) return result;
  const auto hashed = [&](Side side) {
    return rows_of(engines.of(side).info().settings) == RowContent::hashes;
  };
  if (hashed(Side::candidate) || hashed(Side::reference)) {
    result.differs = true;
    result.first = by_hashes(*suspect, candidate, reference);
    return result;
  }
  auto first = look_inside(*suspect, engines, ids, stop);
  if (!first) return tl::unexpected(first.error());
  result.differs = true;
  result.first = *std::move(first);
  return result;
}

}  // namespace crossval
