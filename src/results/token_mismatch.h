// Where two engines' ids of a text differ, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crossval {

struct TextRange {
  size_t begin = 0, end = 0;  // byte offsets; equal for a token that the text does not hold (BOS)

  friend bool operator==(const TextRange&, const TextRange&) = default;
};

/// Where the texts of the two sides part, when each was given its own.
struct TextDifference {
  size_t offset = 0;                             // byte of the first character that differs
  size_t line = 1;                               // the line it is on, from 1
  std::string candidate_place, reference_place;  // "…before >|< after…"
};

/// Ids [a_begin, a_end) of the one side stand where [b_begin, b_end) of the other do. One of the
/// two may be empty.
struct TokenHunk {
  size_t a_begin = 0, a_end = 0;
  size_t b_begin = 0, b_end = 0;

  friend bool operator==(const TokenHunk&, const TokenHunk&) = default;
};

/// Names (docs/token-gate.md), from the candidate's point of view: bos-extra, bos-missing,
/// bos-doubled, eos-appended, eos-missing, special-as-text, text-as-special, leading-space,
/// newline, pre-tokenizer-digits, pre-tokenizer-contractions, pre-tokenizer-whitespace,
/// pre-tokenizer-case, pre-tokenizer-other, normalisation, unknown-token, merge-order,
/// other-vocabulary, other-text, invalid-utf8-replaced, unexplained.
struct TokenCause {
  std::string name;
  std::string sentence;  // what happened, for people
  std::string evidence;  // the pieces or bytes that say so
};

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

}  // namespace crossval
