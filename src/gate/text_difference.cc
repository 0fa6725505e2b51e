#include "gate/text_difference.h"

#include <algorithm>

#include "gate/token_text.h"

namespace crossval {

std::optional<TextDifference> find_text_difference(std::string_view candidate,
                                                   std::string_view reference) {
  if (candidate == reference) return std::nullopt;
  const auto part = std::ranges::mismatch(candidate, reference);
  auto offset = static_cast<size_t>(part.in1 - candidate.begin());
  const auto inside = [&offset](std::string_view text) {
    return offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80;
  };
  // Back to where the character begins.
  while (offset > 0 && (inside(candidate) || inside(reference))) --offset;
  const auto line = 1 + std::ranges::count(candidate.substr(0, offset), '\n');
  return TextDifference{offset, static_cast<size_t>(line), show_place(candidate, offset),
                        show_place(reference, offset)};
}

}  // namespace crossval
