// The Precompiled normalizer of a tokenizer.json: SentencePiece's character map, applied as PyPI
// `tokenizers` 0.23 applies it, which is not as SentencePiece does.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "tokenizer/text/charsmap.h"

namespace crossval {

/// `text` (valid UTF-8) by extended grapheme clusters (UAX #29). A cluster of fewer than six bytes
/// that begins with a stretch of the map is replaced as a whole by what the shortest such stretch
/// becomes, so that marks after a mapped letter vanish; any other goes character by character.
/// SentencePiece takes the longest stretch wherever it stands: Hangul written in jamo (six bytes a
/// syllable) is composed there and not here. Errors (bad_input_file): Charsmap::shortest.
Result<std::string> hf_precompiled(const Charsmap& map, std::string_view text);

}  // namespace crossval
