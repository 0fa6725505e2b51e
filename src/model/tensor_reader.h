// The tensors of a file: each is looked up by name with the shape it must have; what is wrong is
// collected, so that a list of look-ups reads as a list.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/model.h"
#include "model/tensor_source.h"

namespace crossval {

class TensorReader : public TensorSource {
 public:
  TensorReader(Model& model, WeightReading how)
      : TensorSource(model.architecture, model.hparams), model_(model), how_(how) {}

  bool has_rows(const std::string& name, int64_t rows) const override;

  /// A problem for each tensor of the file that nobody asked for.
  void refuse_unused();

  /// In the order of the look-ups.
  std::vector<TensorProblem> take_problems() { return std::move(problems_); }

 private:
  Matrix find_matrix(const std::string& name, int64_t rows, int64_t cols, int64_t slices,
                     Presence presence) override;
  Vector find_vector(const std::string& name, int64_t size, int64_t slices,
                     Presence presence) override;
  const GgufTensor* find(const std::string& name, Presence presence);
  /// A matrix of I2_S in the kernels' layout.
  Matrix i2s_matrix(const GgufTensor& tensor, Matrix matrix);
  Matrix checked(const GgufTensor& tensor, int64_t rows, int64_t cols, int64_t slices);
  void refuse(TensorProblem::Kind kind, std::string_view name, std::string what,
              std::string hint = {});

  Model& model_;
  WeightReading how_;
  std::set<std::string_view> used_;
  std::vector<TensorProblem> problems_;
  std::set<std::pair<TensorProblem::Kind, std::string>> refused_;
};

}  // namespace crossval
