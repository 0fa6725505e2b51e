// What a node of the graph was computed from.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace crossval_llama {

struct NodeSources {
  std::string weight;               // the model's tensor among them; empty: none
  std::vector<std::string> inputs;  // the others: "Qcur-0 MUL_MAT", "inp_pos"
};

/// The nodes of one graph by label: name, operation and, where both came before, how often.
class NodeLabels {
 public:
  void clear();

  /// A node that is handed out, the occurrence-th (from 0) of its name and operation.
  void add(const ggml_tensor* node, int32_t occurrence);
  /// A node that is about to be computed; of those that write into the cache it is kept what they
  /// write.
  void note_write(const ggml_tensor* node);

  /// Views and copies are followed to what they show, the cache to what was written into it.
  NodeSources sources_of(const ggml_tensor* node) const;

 private:
  const ggml_tensor* origin(const ggml_tensor* tensor) const;
  std::string label(const ggml_tensor* origin) const;

  std::map<const ggml_tensor*, std::string> labels_;
  std::map<const ggml_tensor*, std::string> written_;  // by the cache's tensor
};

}  // namespace crossval_llama
