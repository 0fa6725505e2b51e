// llama.cpp's names of the values of a graph: the one place for them. An engine that speaks of the
// same values by other names gets a table of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/op.h"
#include "model/model.h"

namespace crossval {

/// How llama.cpp's graph calls a value.
struct NodeName {
  std::string name;        // with the layer: "Qcur-0"; empty: it has no name there
  std::string op;          // "ROPE"
  int32_t occurrence = 0;  // how often name and op came before in the graph
  int32_t layer = -1;      // in the name
  // What it is computed from: values, by label_of; and the model's tensor.
  std::vector<std::string> inputs{};
  std::string weight{};
};

/// The names of one operation's result and of the values inside: attention's, and the ranking of
/// all experts, best first, of a choice among them.
struct OpNames {
  NodeName result;
  NodeName scores, probabilities;
  NodeName ranking;
};

/// One entry per operation of a graph that was built from `model`, mistakes or not.
std::vector<OpNames> upstream_names(const Graph& graph, const Model& model);

}  // namespace crossval
