// From an engine's tensors to the operations of a graph that made them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/op.h"
#include "graph/upstream_names.h"
#include "protocol/answers.h"

namespace crossval {

/// Of engines that speak of the values as llama.cpp does. Fused attention has no name of its own
/// there: the n-th of a chunk belongs to the n-th layer that attends.
class TraceMap {
 public:
  TraceMap(const Graph& graph, const std::vector<OpNames>& names);

  /// Fused nodes are counted as they come: all of a trace are asked about, in its order.
  std::optional<size_t> op_of(const TraceTensor& tensor);
  /// A value from the inside of an operation: attention's scores and their softmax.
  bool is_inner(const TraceTensor& tensor) const;
  /// The choice among experts that the tensor is the ranking of.
  std::optional<size_t> ranked_by(const TraceTensor& tensor) const;
  /// The operations whose values have one name and differ in how often it came before.
  const std::vector<std::vector<size_t>>& namesakes() const { return namesakes_; }
  const std::string& label(size_t op) const { return labels_[op]; }

 private:
  std::map<std::string, size_t> ops_;       // by label
  std::map<std::string, size_t> rankings_;  // by their label
  std::set<std::string> inner_;             // labels
  std::vector<std::string> labels_;         // by operation; empty: it has no name
  std::vector<size_t> attends_;
  std::vector<std::vector<size_t>> namesakes_;
  std::map<std::string, size_t> fused_;  // by the name of a fused node, as they come
};

}  // namespace crossval
