// Looks tensors up by name with the shape they must have; collects what is wrong, so that a list of
// look-ups reads as a list.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/model.h"

namespace crossval {

class TensorReader {
 public:
  explicit TensorReader(Model& model) : model_(model) {}

  Matrix matrix(const std::string& name, int64_t rows, int64_t cols,
                Presence presence = Presence::required);
  Vector vector(const std::string& name, int64_t size, Presence presence = Presence::required);
  /// `name` + ".weight", ".scale" and ".bias".
  Linear linear(const std::string& name, int64_t rows, int64_t cols, Presence bias,
                Presence presence = Presence::required);
  ExpertLinear experts(const std::string& name, int64_t rows, int64_t cols, bool biases,
                       Presence presence = Presence::required);
  Norm norm(const std::string& name, int64_t size, Presence presence = Presence::required);

  /// Rows of the matrix `name` + ".weight" as the file has it; 0 when it is missing.
  int64_t rows_of(const std::string& name) const;

  /// A problem for each tensor of the file that nobody asked for.
  void refuse_unused();

  /// In the order of the look-ups.
  std::vector<TensorProblem> take_problems() { return std::move(problems_); }

 private:
  const GgufTensor* find(const std::string& name, Presence presence);
  /// A matrix of I2_S in the kernels' layout.
  Matrix i2s_matrix(const GgufTensor& tensor, Matrix matrix);
  Matrix checked(const GgufTensor& tensor, int64_t rows, int64_t cols, int64_t slices);
  void refuse(TensorProblem::Kind kind, std::string_view name, std::string what,
              std::string hint = {});

  Model& model_;
  std::set<std::string_view> used_;
  std::vector<TensorProblem> problems_;
  std::set<std::pair<TensorProblem::Kind, std::string>> refused_;
};

}  // namespace crossval
