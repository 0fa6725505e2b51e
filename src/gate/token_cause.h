// Why two engines made different ids of the same text, as a name with evidence.
#pragma once

#include <optional>
#include <string_view>

#include "gate/token_side.h"
#include "results/token_mismatch.h"

namespace crossval {

/// The cause of one hunk (a: candidate, b: reference): every one of the names but other-vocabulary
/// and other-text. `stretch` is the text that the hunk is about, as far as it is known.
TokenCause explain_hunk(const TokenGateInput& input, const TokenHunk& hunk,
                        std::string_view stretch);

/// other-vocabulary, proven by a piece that both sides have under different ids, neither of which
/// means that piece on both sides; nothing when there is none.
std::optional<TokenCause> find_other_vocabulary(const TokenGateInput& input);

}  // namespace crossval
