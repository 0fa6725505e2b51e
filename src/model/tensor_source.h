// Where the tensors of a model come from. What is not there has no data (weights.h).
#pragma once

#include <cstdint>
#include <string>

#include "model/architecture.h"
#include "model/hparams.h"
#include "model/weights.h"

namespace crossval {

class TensorSource {
 public:
  virtual ~TensorSource() = default;

  Matrix matrix(const std::string& name, int64_t rows, int64_t cols,
                Presence presence = Presence::required) {
    return find_matrix(name, rows, cols, 1, presence);
  }
  Vector vector(const std::string& name, int64_t size, Presence presence = Presence::required) {
    return find_vector(name, size, 1, presence);
  }
  /// `slices` vectors of `size` values, one behind the other.
  Vector vectors(const std::string& name, int64_t size, int64_t slices) {
    return find_vector(name, size, slices, Presence::required);
  }
  /// `name` + ".weight", ".scale" and ".bias".
  Linear linear(const std::string& name, int64_t rows, int64_t cols, Presence bias,
                Presence presence = Presence::required);
  ExpertLinear experts(const std::string& name, int64_t rows, int64_t cols,
                       Presence presence = Presence::required);
  /// `name` + ".weight" and ".bias".
  Norm norm(const std::string& name, int64_t size, Presence presence = Presence::required,
            int64_t slices = 1);

  /// Whether the matrix `name` + ".weight" has so many rows, where the file decides.
  virtual bool has_rows(const std::string& name, int64_t rows) const = 0;

 protected:
  TensorSource(const Architecture& architecture, const Hparams& hparams)
      : architecture_(architecture), hparams_(hparams) {}

  /// `slices` matrices of rows × cols, one behind the other.
  virtual Matrix find_matrix(const std::string& name, int64_t rows, int64_t cols, int64_t slices,
                             Presence presence) = 0;
  /// `slices` vectors of `size` values, one behind the other.
  virtual Vector find_vector(const std::string& name, int64_t size, int64_t slices,
                             Presence presence) = 0;

  const Architecture& architecture_;
  const Hparams& hparams_;
};

}  // namespace crossval
