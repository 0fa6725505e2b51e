// The result of `match`: which tensors of two engines are the same value, and how that is known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/comparison.h"
#include "results/warning.h"

namespace crossval {

enum class MatchedBy : uint8_t {
  name,       // name, operation and occurrence are the same
  file,       // by a name of the candidate's file of names
  values,     // the same shape, and values that are near to each other and to no others
  reordered,  // the same shape and the same values in another order
};

struct TensorMatch {
  std::string candidate, reference;  // as label_of has them
  MatchedBy by = MatchedBy::name;
  int64_t width = 0;  // values per position
  /// Estimate of |candidate − reference| / |reference| over the positions; of those reordered of
  /// their sorted values.
  double distance = 0;
};

/// A tensor without a partner.
struct LoneTensor {
  std::string label;
  int64_t width = 0;
};

struct TensorMatching {
  EngineInfo candidate, reference;
  PromptRecord prompt;
  std::vector<Warning> warnings;
  std::vector<TokenId> tokens;       // that the tensors are of
  std::vector<TensorMatch> matches;  // in the candidate's order
  std::vector<LoneTensor> only_candidate, only_reference;
  /// Our names of the candidate's file that no tensor came for.
  std::vector<std::string> never_shown;
  std::string names_path;  // of the file that was written; else empty
};

/// How far tensors of one name may be apart and still be called the same value.
inline constexpr double kNearEnough = 0.1;

inline ExitCode exit_code(const TensorMatching& result) {
  return result.matches.empty() ? ExitCode::diverged : ExitCode::ok;
}

}  // namespace crossval
