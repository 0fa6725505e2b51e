// What computes a graph in this process: the native engine's kernels or the oracle's doubles. The
// engine around it (local/engine.h) is the same for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace crossval {

/// A value as it was computed: positions × width. Valid during the call. The ranking of a choice
/// of experts holds their numbers, best first.
struct Observation {
  enum class Part : uint8_t { result, scores, probabilities, ranking };

  size_t op;  // index into the graph's
  Part part;
  int64_t width;
  int64_t heads;  // > 0: attention's inner values, width = heads × keys
  const float* data;
};
using Observer = std::function<bool(const Observation&)>;
using LogitsSink = std::function<bool(int64_t position, std::span<const float> row)>;

class Computation {
 public:
  virtual ~Computation() = default;

  /// Evaluates a chunk at positions first … on top of the cache and hands out the rows of those
  /// from `rows_from` on. `observer` sees every value but those that make logits, right after it
  /// was computed; may be empty. False when a sink said stop or, between two operations, `stop` was
  /// asked for. Throws std::bad_alloc.
  virtual bool chunk(std::span<const int32_t> ids, int64_t first, int64_t rows_from,
                     const LogitsSink& sink, const Observer& observer,
                     const std::stop_token& stop) = 0;

  /// Keys of `n` positions from `first` on as they are cached, n × k_width; none where the layer
  /// has none.
  virtual std::vector<float> key_rows(int64_t layer, int64_t first, int64_t n) const = 0;
  /// Their values, n × v_width.
  virtual std::vector<float> value_rows(int64_t layer, int64_t first, int64_t n) const = 0;
};

}  // namespace crossval
