#include "session/match_tensors.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "session/lockstep.h"
#include "session/tensor_sketch.h"

namespace crossval {
namespace {

// A partner must be nearer than any other value by this factor.
constexpr double kClearly = 4;
// In order of their size any two tensors of like scale are near to each other.
constexpr double kSameInOrder = 0.005;

using Distance = std::function<double(const TensorSketch&, const TensorSketch&)>;

// Sketches of both sides and which of them have no partner yet.
struct Unpaired {
  const std::vector<TensorSketch>& candidate;
  const std::vector<TensorSketch>& reference;
  std::vector<bool> free_candidate, free_reference;
};

// The nearest free one of the same width, if there is one that is near and clearly the nearest:
// values that the list holds several times are one value.
std::optional<size_t> clearly_nearest(const TensorSketch& wanted,
                                      const std::vector<TensorSketch>& list,
                                      const std::vector<bool>& free, const Distance& distance,
                                      double most) {
  std::optional<size_t> nearest;
  double least = most;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!free[i] || list[i].width != wanted.width) continue;
    const double d = distance(wanted, list[i]);
    if (d < least || (!nearest && d == least)) {
      nearest = i;
      least = d;
    }
  }
  if (!nearest) return std::nullopt;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].width != wanted.width || distance(list[i], list[*nearest]) <= least) continue;
    if (distance(wanted, list[i]) < kClearly * least) return std::nullopt;
  }
  return nearest;
}

void pair_by(const Distance& distance, double most, MatchedBy by, Unpaired& left,
             std::map<size_t, TensorMatch>& matches) {
  for (size_t c = 0; c < left.candidate.size(); ++c) {
    if (!left.free_candidate[c]) continue;
    const TensorSketch& own = left.candidate[c];
    const auto r = clearly_nearest(own, left.reference, left.free_reference, distance, most);
    if (!r) continue;
    const TensorSketch& other = left.reference[*r];
    const auto back = clearly_nearest(other, left.candidate, left.free_candidate, distance, most);
    if (back != c) continue;
    matches[c] = {own.label, other.label, by, own.width, distance(own, other)};
    left.free_candidate[c] = left.free_reference[*r] = false;
  }
}

void pair_by_name(const std::function<bool(const std::string&)>& by_file, Unpaired& left,
                  std::map<size_t, TensorMatch>& matches) {
  std::map<std::string, size_t> places;
  for (size_t r = 0; r < left.reference.size(); ++r) places[left.reference[r].label] = r;
  for (size_t c = 0; c < left.candidate.size(); ++c) {
    const TensorSketch& own = left.candidate[c];
    const auto found = places.find(own.label);
    if (found == places.end() || left.reference[found->second].width != own.width) continue;
    matches[c] = {own.label, own.label, by_file(own.label) ? MatchedBy::file : MatchedBy::name,
                  own.width, distance_of(own, left.reference[found->second])};
    left.free_candidate[c] = left.free_reference[found->second] = false;
  }
}

std::vector<LoneTensor> lone(const std::vector<TensorSketch>& list, const std::vector<bool>& free) {
  std::vector<LoneTensor> tensors;
  for (size_t i = 0; i < list.size(); ++i)
    if (free[i]) tensors.push_back({list[i].label, list[i].width});
  return tensors;
}

Result<void> check_values(const EnginePair& engines) {
  for (const Side side : {Side::candidate, Side::reference}) {
    if (rows_of(engines.of(side).info().settings) != RowContent::hashes) continue;
    return fail(ExitCode::usage, "it has hashes of its tensors, and matching needs values",
                engine_label(engines, side), "Record it without --hashes.");
  }
  return {};
}

}  // namespace

Result<TensorMatching> match_tensors(const EnginePair& engines, std::span<const TokenId> ids,
                                     const std::function<bool(const std::string&)>& by_file,
                                     const std::stop_token& stop) {
  if (auto ok = check_values(engines); !ok) return tl::unexpected(ok.error());
  ids = ids.first(std::min(ids.size(), static_cast<size_t>(kMatchedPositions)));
  TensorSketches sketches[] = {TensorSketches(static_cast<int32_t>(ids.size())),
                               TensorSketches(static_cast<int32_t>(ids.size()))};
  const auto work = [&](Side side, Engine& engine) {
    TensorSketches& own = sketches[side == Side::candidate ? 0 : 1];
    return engine.trace({.ids = ids}, [&](const TraceTensor& tensor) {
      own.add(tensor);
      return !stop.stop_requested();
    });
  };
  const auto done = run_both(engines, work, [] {});
  if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  if (!done) return tl::unexpected(done.error());

  const std::vector<TensorSketch> candidate = sketches[0].take(), reference = sketches[1].take();
  for (const auto& [side, list] :
       {std::pair(Side::candidate, &candidate), std::pair(Side::reference, &reference)}) {
    if (!list->empty()) continue;
    return fail(ExitCode::usage, "it has shown no tensor of all positions",
                engine_label(engines, side));
  }
  Unpaired left = {candidate, reference, std::vector<bool>(candidate.size(), true),
                   std::vector<bool>(reference.size(), true)};
  std::map<size_t, TensorMatch> matches;
  pair_by_name(by_file, left, matches);
  pair_by(distance_of, kNearEnough, MatchedBy::values, left, matches);
  pair_by(distance_of_orders, kSameInOrder, MatchedBy::reordered, left, matches);

  TensorMatching result;
  result.candidate = engines.candidate.info();
  result.reference = engines.reference.info();
  result.tokens.assign(ids.begin(), ids.end());
  result.matches.reserve(matches.size());
  for (auto& [place, match] : matches) result.matches.push_back(std::move(match));
  result.only_candidate = lone(candidate, left.free_candidate);
  result.only_reference = lone(reference, left.free_reference);
  return result;
}

}  // namespace crossval
