// SentencePiece's precompiled character map: which stretches of text are replaced by which others
// before a text is cut (NMT's form of NFKC, for example).
//
// Format: u32 size in bytes of the trie, the trie, then replacements, each ended by a zero byte.
// The trie is a double array (darts-clone): u32 units, base in bits 10–30 (shifted by eight more
// when bit 9 is set), a value follows when bit 8 is set, label in the low byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

class Charsmap {
 public:
  Charsmap() = default;  // replaces nothing

  /// Copies `bytes`. Errors (bad_input_file): sizes that do not fit; `where` names the source.
  static Result<Charsmap> parse(std::span<const std::byte> bytes, const std::string& where);

  bool empty() const { return units_.empty(); }

  struct Replacement {
    size_t consumed = 0;  // bytes; 0: nothing is replaced here
    std::string_view text;
  };
  /// For the longest stretch that `text` begins with and that has a replacement. Errors
  /// (bad_input_file): the trie points outside itself, a replacement has no end.
  Result<Replacement> longest(std::string_view text) const { return find(text, false); }

  /// For the shortest, with the same errors.
  Result<Replacement> shortest(std::string_view text) const { return find(text, true); }

 private:
  Result<Replacement> find(std::string_view text, bool first) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
};

}  // namespace crossval
