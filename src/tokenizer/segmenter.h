// One vocabulary family's way of turning plain text into tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace crossval {

class Segmenter {
 public:
  virtual ~Segmenter() = default;

  /// Appends the tokens of `text`, which holds no special token that is to be parsed.
  /// `after_special`: a special token or nothing stands before it.
  virtual Result<void> append(std::string_view text, bool after_special,
                              std::vector<int32_t>* ids) const = 0;
};

/// Positions in a text, and three times them where spaces are escaped, fit 32 bits.
constexpr size_t kLongestText = size_t{256} << 20;

/// Errors (usage) that several families share.
tl::unexpected<Error> too_long(size_t bytes);
tl::unexpected<Error> no_unknown_token();
tl::unexpected<Error> no_character(uint32_t code_point);  // above U+10FFFF

}  // namespace crossval
