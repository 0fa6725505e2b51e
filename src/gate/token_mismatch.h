// The token gate: are both engines' ids the same, and if not, where and why.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/text_difference.h"
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

/// A side whose text is cut into words by a rule that has a name, where words are cut differently.
struct PreTokenizerNote {
  std::string engine;
  std::string name;   // "llama-bpe"; "default" also where the file names none
  bool named = true;  // the file says so
  /// Known names with which the side's own vocabulary makes the other side's ids; none: not tried.
  std::optional<std::vector<std::string>> would_match;
};

struct TokenMismatch {
  size_t index = 0;              // first index at which the ids differ
  size_t text_offset = 0;        // byte of the text at which the first differing token starts
  std::string place;             // "…before >|< after…"
  std::vector<TokenHunk> hunks;  // a: candidate, b: reference
  std::optional<TextDifference> texts;  // where the two sides were given different texts
  TokenCause cause;                     // other-vocabulary, or that of the first hunk
  /// Beside other-vocabulary: why the first pieces differ that differ, where that has a cause of
  /// its own.
  std::optional<TokenCause> further_cause;
  std::map<std::string, size_t> causes;               // name -> hunks, over all hunks
  std::vector<PreTokenizerNote> pre_tokenizers;       // filled by session, which knows the files
  std::vector<int32_t> candidate_ids, reference_ids;  // all
  std::vector<WindowToken> candidate_window, reference_window;
};

/// Nothing when the ids are the same. Pieces must be as many as ids on both sides.
std::optional<TokenMismatch> find_token_mismatch(const TokenGateInput& input);

}  // namespace crossval
