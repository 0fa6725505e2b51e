// What the two files name as their pre-tokenizers, and which of the known names would have made the
// other side's ids.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "gate/token_mismatch.h"
#include "gate/token_side.h"
#include "prompt/model_facts.h"
#include "session/engine_pair.h"

namespace crossval {

/// One note a side where the names differ or words are cut differently, else none. Names are tried
/// where both sides tokenised one text with one vocabulary.
std::vector<PreTokenizerNote> note_pre_tokenizers(const TokenSide& candidate,
                                                  const TokenSide& reference,
                                                  const TokenizeOptions& options,
                                                  const PairFacts& facts, const EnginePair& engines,
                                                  const TokenMismatch& mismatch);

}  // namespace crossval
