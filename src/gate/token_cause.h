// Why two engines made different ids of the same text, as a name with evidence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gate/token_alignment.h"
#include "gate/token_side.h"

namespace crossval {

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

/// The cause of one hunk (a: candidate, b: reference): every one of the names but other-vocabulary
/// and other-text. `stretch` is the text that the hunk is about, as far as it is known.
TokenCause explain_hunk(const TokenGateInput& input, const TokenHunk& hunk,
                        std::string_view stretch);

/// other-vocabulary, proven by a piece that both sides have under different ids, neither of which
/// means that piece on both sides; nothing when there is none.
std::optional<TokenCause> find_other_vocabulary(const TokenGateInput& input);

}  // namespace crossval
