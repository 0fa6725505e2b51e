// The tokens of a model and everything a model file says about them, before any algorithm.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace crossval {

/// What a token is for; a token may be several of these at once.
enum TokenAttribute : uint16_t {
  kTokenUnknown = 1 << 0,
  kTokenUnused = 1 << 1,
  kTokenNormal = 1 << 2,
  kTokenControl = 1 << 3,
  kTokenUserDefined = 1 << 4,
  kTokenByte = 1 << 5,
  kTokenStripLeft = 1 << 6,   // white space before it belongs to it
  kTokenStripRight = 1 << 7,  // white space after it belongs to it
  kTokenAdded = 1 << 8,       // beside the model, which never spells with it
};

struct VocabularyToken {
  std::string text;
  float score = 0;
  uint16_t attributes = kTokenNormal;
};

enum class VocabularyFamily { bpe, sentencepiece_bpe, wordpiece, unigram, rwkv, plamo2 };

constexpr int32_t kNoToken = -1;

/// Ends the look-up text of DNA pieces (U+E000).
constexpr std::string_view kDnaMarker = "\xEE\x80\x80";

/// Moves only: `ids` looks into the strings beside it.
struct Vocabulary {
  Vocabulary() = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  VocabularyFamily family = VocabularyFamily::bpe;
  std::string model;          // tokenizer.ggml.model
  std::string pre_tokenizer;  // tokenizer.ggml.pre; "default" when the file names none

  std::vector<VocabularyToken> tokens;
  std::unordered_map<std::string_view, int32_t> ids;  // views into `tokens`, or into spare_texts
  std::vector<std::string> spare_texts;  // look-up texts that differ from the token's own text

  int32_t bos = kNoToken;
  int32_t eos = kNoToken;
  int32_t eot = kNoToken;
  int32_t eom = kNoToken;
  int32_t unknown = kNoToken;
  int32_t separator = kNoToken;
  int32_t padding = kNoToken;
  std::set<int32_t> end_of_generation;

  bool add_bos = false;
  bool add_eos = false;
  bool add_space_prefix = false;
  bool clean_spaces = false;  // when decoding: no space before punctuation
  bool remove_extra_whitespaces = false;
  bool escape_whitespaces = true;  // a space is written as U+2581
  bool ignore_merges = false;      // a whole word that is a token stays one
  bool byte_level = true;          // BPE: words are spelled by text/byte_level.h
  bool newline_runs_whole = false;
  bool lowercase = true;
  bool strip_accents = true;

  /// Look-up by text; kNoToken when there is none.
  int32_t find(std::string_view text) const {
    const auto at = ids.find(text);
    return at == ids.end() ? kNoToken : at->second;
  }
  bool has(int32_t id, uint16_t attribute) const {
    return (tokens[static_cast<size_t>(id)].attributes & attribute) != 0;
  }
  int32_t size() const { return static_cast<int32_t>(tokens.size()); }
};

/// "byte-level BPE", in the field's words.
std::string_view family_name(const Vocabulary& vocabulary);

/// The text of the token that stands for one byte: "<0x4A>".
std::string byte_token_text(uint8_t byte);

/// The kind of a token that may be several.
TokenKind kind_of(const Vocabulary& vocabulary, int32_t id);

/// The attribute of a token whose file gives it this number of TokenKind. Nothing for `undefined`
/// and for numbers that are no kind: what such a token is depends on the kind of file.
std::optional<uint16_t> attribute_of_kind(int64_t kind);

/// Tokens for fill-in-the-middle prompts.
struct FillInMiddle {
  int32_t prefix = kNoToken;
  int32_t suffix = kNoToken;
  int32_t middle = kNoToken;
  int32_t padding = kNoToken;
  int32_t repository = kNoToken;
  int32_t separator = kNoToken;
};

/// Finds the tokens that end generation and the ones upstream recognises by their text, and sets
/// their attributes. `named` holds the ids that the file itself names (kNoToken: not named).
void find_tokens_by_text(FillInMiddle named, Vocabulary* vocabulary);

/// What upstream makes of a token with this text whatever its file says: control, user_defined, or
/// normal where the text alone says nothing.
TokenKind kind_by_text(std::string_view text);

/// find_tokens_by_text for files that say themselves what their tokens are: only end_of_generation
/// is set.
void find_end_of_generation(Vocabulary* vocabulary);

}  // namespace crossval
