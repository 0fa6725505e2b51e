// Text to tokens as the SentencePiece library does it, from a tokenizer.model: normalised by the
// character map, white space escaped, then merged (BPE) or spelled (unigram); what is no token
// becomes bytes or, in a row, one unknown token.
#pragma once

#include <memory>

#include "tokenizer/segmenter.h"
#include "tokenizer/text/charsmap.h"
#include "tokenizer/vocabulary.h"

namespace crossval {

/// `vocabulary` as parse_sentencepiece() gives it; it must outlive the segmenter.
std::unique_ptr<Segmenter> make_sentencepiece_segmenter(const Vocabulary& vocabulary,
                                                        Charsmap charsmap, bool byte_fallback);

}  // namespace crossval
