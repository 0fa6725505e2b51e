// Where in the text each token comes from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/token_mismatch.h"

namespace crossval {

/// Byte ranges of `pieces` in `text`, ascending. A space put before the first word, an added BOS or
/// EOS and the like take no bytes; a piece that differs from the text (normalised, unknown) takes
/// what lies between its neighbours. A first piece that is `bos_text` (empty: there is no BOS) is
/// that of the text only when the other pieces fit behind it, and else an added one.
std::vector<TextRange> locate_pieces(std::string_view text, std::span<const std::string> pieces,
                                     std::string_view bos_text);

}  // namespace crossval
