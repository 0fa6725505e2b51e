// The token gate: are both engines' ids the same, and if not, where and why.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/token_alignment.h"
#include "gate/token_cause.h"
#include "gate/token_offsets.h"
#include "gate/token_side.h"

namespace crossval {

/// One id of a window around the first difference.
struct WindowToken {
  size_t index = 0;
  int32_t id = 0;
  std::string piece;  // raw bytes
  TextRange range;    // in the text
  bool differs = false;
};

struct TokenMismatch {
  size_t index = 0;              // first index at which the ids differ
  size_t text_offset = 0;        // byte of the text at which the first differing token starts
  std::string place;             // "…before >|< after…"
  std::vector<TokenHunk> hunks;  // a: candidate, b: reference
  TokenCause cause;              // other-vocabulary, or that of the first hunk
  /// Beside other-vocabulary: why the first pieces differ that differ, where that has a cause of
  /// its own.
  std::optional<TokenCause> further_cause;
  std::map<std::string, size_t> causes;               // name -> hunks, over all hunks
  std::vector<int32_t> candidate_ids, reference_ids;  // all
  std::vector<WindowToken> candidate_window, reference_window;
};

/// Nothing when the ids are the same. Pieces must be as many as ids on both sides.
std::optional<TokenMismatch> find_token_mismatch(const TokenGateInput& input);

}  // namespace crossval
