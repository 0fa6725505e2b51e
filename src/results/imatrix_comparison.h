// The result of `compare` on two importance matrices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/comparison_defaults.h"
#include "results/warning.h"

namespace crossval {

struct ImatrixFacts {
  std::string path;
  bool legacy = false;  // .dat: counts are chunks
  std::vector<std::string> datasets{};
  int64_t chunks = 0, chunk_size = 0;  // 0: not said
};

/// What two files say of the inputs of one weight. A channel's mean square is its sum over its
/// matrix's count; channels of matrices that have seen nothing on one side are left out.
struct ImatrixTensor {
  std::string name;
  int64_t channels = 0;                             // inputs × matrices
  int64_t matrices = 1;                             // experts
  int64_t compared = 0;                             // channels
  double candidate_count = 0, reference_count = 0;  // of all matrices
  double candidate_sum = 0, reference_sum = 0;      // of all channels, as stored
  double cosine = 0;                                // of the mean squares
  double relative_l2 = 0;                           // likewise, to the reference
  double max_abs_diff = 0;                          // likewise, and where
  int64_t max_abs_channel = -1;
  bool identical = false;  // every stored sum and count, in bits
  bool passed = false;
};

struct ImatrixComparison {
  ImatrixFacts candidate, reference;
  double cos_tol = kCosTol;
  double l2_tol = 0;                   // what that is of vectors of the same length
  std::vector<ImatrixTensor> tensors;  // of both, layer by layer
  std::vector<std::string> only_candidate, only_reference;
  std::vector<Warning> warnings;

  bool diverged() const {
    return tensors.empty() || !only_candidate.empty() || !only_reference.empty() ||
           !std::ranges::all_of(tensors, &ImatrixTensor::passed);
  }
  bool identical() const {
    return !diverged() && std::ranges::all_of(tensors, &ImatrixTensor::identical);
  }
};

inline ExitCode exit_code(const ImatrixComparison& c) {
  return c.diverged() ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
