// Which arithmetic an engine computes in: found by best fit over all operations of a kind, never
// believed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/op.h"
#include "oracle/rounding.h"
#include "quant/format.h"
#include "results/explanation.h"

namespace crossval {

/// One arithmetic for each kind of operation. Attention's may depend on the size of a chunk.
struct EngineArithmetic {
  std::map<WeightType, ProductRounding> products;
  std::map<bool, AttentionRounding>
      attention;  // by whether a chunk has at least kWideChunk positions
  GeluRounding gelu = GeluRounding::f16;

  static constexpr int64_t kWideChunk = 64;

  /// What a reference's format declares is where a search begins.
  Rounding rounding(const Action& action, int64_t chunk) const;
};

/// Collects the largest error of samples of operations under each arithmetic they may be in.
class ArithmeticFit {
 public:
  void add(WeightType type, ProductRounding rounding, double units) {
    products_[type][rounding].push_back(units);
  }
  void add(bool wide, AttentionRounding rounding, double units) {
    attention_[wide][rounding].push_back(units);
  }
  void add(GeluRounding rounding, double units) { gelu_[rounding].push_back(units); }

  EngineArithmetic best() const;
  /// Whether attention is mostly within its bounds in some arithmetic.
  bool knows_attention() const;
  std::vector<FittedArithmetic> report() const;

 private:
  template <class R>
  using Errors = std::map<R, std::vector<double>>;

  std::map<WeightType, Errors<ProductRounding>> products_;
  std::map<bool, Errors<AttentionRounding>> attention_;
  Errors<GeluRounding> gelu_;
};

}  // namespace crossval
