// What a whole trace looked like, in eight bytes per tensor and position: enough to find the first
// tensor whose bits differ between two engines that walk their graphs in different orders and cut
// the prompt into different chunks, without holding any tensor.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace crossval {

/// Which tensor it is, on both sides.
struct TensorKey {
  std::string name, op;
  int32_t occurrence = 0;
  int64_t width = 0;  // values per position; 0 for attention scores, whose width is the chunk's
  int64_t heads = 0;

  auto operator<=>(const TensorKey&) const = default;
};

TensorKey key_of(const TraceTensor& tensor);

/// "Qcur-0 ROPE"
std::string label_of(const TensorKey& key);

/// What a tensor was computed from, as its engine tells (TraceTensor).
struct TensorSources {
  std::string weight;
  std::vector<std::string> inputs;  // labels

  bool known() const { return !weight.empty() || !inputs.empty(); }
};

/// Hashes as hash_of (protocol/row_hash.h) makes them, or as the engine sends them.
class TraceHashes {
 public:
  /// One tensor of one chunk, in graph order.
  struct Visit {
    const TensorKey* key;  // in tensors()
    int32_t layer = -1;
    int32_t first = 0, positions = 0;
  };

  /// Of `positions` positions.
  explicit TraceHashes(int32_t positions) : positions_(static_cast<size_t>(positions)) {}

  void add(const TraceTensor& tensor);

  const std::vector<Visit>& visits() const { return visits_; }
  /// By position; 0 where this trace does not have the tensor.
  using Hashes = std::vector<uint64_t>;
  const std::map<TensorKey, Hashes>& tensors() const { return tensors_; }

  /// Not known where the engine does not tell.
  const TensorSources& sources_of(const TensorKey& key) const { return sources_.at(key); }
  /// The tensor of this label; null when there is none.
  const TensorKey* find_label(const std::string& label) const;

 private:
  size_t positions_;
  std::vector<Visit> visits_;
  std::map<TensorKey, Hashes> tensors_;
  std::map<TensorKey, TensorSources> sources_;
  std::vector<float> scratch_;
  std::vector<float> one_nan_;
};

}  // namespace crossval
