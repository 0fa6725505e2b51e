// Where in the text each token comes from.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crossval {

struct TextRange {
  size_t begin = 0, end = 0;  // byte offsets; equal for a token that the text does not hold (BOS)

  friend bool operator==(const TextRange&, const TextRange&) = default;
};

/// Byte ranges of `pieces` in `text`, ascending. A space put before the first word, an added BOS or
/// EOS and the like take no bytes; a piece that differs from the text (normalised, unknown) takes
/// what lies between its neighbours. A first piece that is `bos_text` (empty: there is no BOS) is
/// that of the text only when the other pieces fit behind it, and else an added one.
std::vector<TextRange> locate_pieces(std::string_view text, std::span<const std::string> pieces,
                                     std::string_view bos_text);

}  // namespace crossval
