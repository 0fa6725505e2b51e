// What `record --tensors` names: "all", or a list "l_out,Qcur-0".
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace crossval {

/// A name without a layer is of every layer.
class TensorNames {
 public:
  TensorNames() = default;
  explicit TensorNames(std::string list);

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }  // as given
  bool contains(const TraceTensor& tensor) const;

  /// The names for a Selection: what an engine has to show at most. Empty, so all, where one of
  /// them has no layer: how many layers there are only the engine knows.
  std::vector<std::string> selected() const;

 private:
  std::string text_;
  std::set<std::string> names_;
};

}  // namespace crossval
