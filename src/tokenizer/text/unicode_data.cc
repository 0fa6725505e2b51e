#include "tokenizer/text/unicode_data.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace crossval {
namespace {

struct CategoryRange {
  uint32_t first;
  uint8_t category;
};
struct LowercasePair {
  uint32_t from;
  uint32_t to;
};
struct DecompositionRange {
  uint32_t first;
  uint32_t last;
  uint32_t base;
};

#include "tokenizer/text/unicode_data.inc"

constexpr uint32_t kCodePoints = 0x110000;
constexpr uint8_t kWhitespaceBit = 1;  // bit of `properties`; category beside it

struct Properties {
  uint8_t category = 0;
  uint8_t bits = 0;
};

// One entry a code point, filled once: the splitter asks for every character of a text.
const std::vector<Properties>& properties() {
  static const std::vector<Properties> table = [] {
    std::vector<Properties> t(kCodePoints);
    for (size_t i = 0; i + 1 < std::size(kCategoryRanges); ++i) {
      for (uint32_t c = kCategoryRanges[i].first; c < kCategoryRanges[i + 1].first; ++c) {
        t[c].category = kCategoryRanges[i].category;
      }
    }
    for (const uint32_t c : kWhitespace) t[c].bits |= kWhitespaceBit;
    return t;
  }();
  return table;
}

}  // namespace

UnicodeCategory unicode_category(uint32_t code_point) {
  if (code_point >= kCodePoints) return UnicodeCategory::undefined;
  return static_cast<UnicodeCategory>(properties()[code_point].category);
}

bool is_unicode_whitespace(uint32_t code_point) {
  return code_point < kCodePoints && (properties()[code_point].bits & kWhitespaceBit) != 0;
}

uint32_t unicode_lowercase(uint32_t code_point) {
  const auto* at =
      std::lower_bound(std::begin(kLowercase), std::end(kLowercase), code_point,
                       [](const LowercasePair& pair, uint32_t c) { return pair.from < c; });
  return at != std::end(kLowercase) && at->from == code_point ? at->to : code_point;
}

uint32_t unicode_decomposition_base(uint32_t code_point) {
  const auto* after =
      std::upper_bound(std::begin(kDecompositions), std::end(kDecompositions), code_point,
                       [](uint32_t c, const DecompositionRange& range) { return c < range.first; });
  if (after == std::begin(kDecompositions)) return code_point;
  const DecompositionRange& range = *(after - 1);
  return code_point <= range.last ? range.base : code_point;
}

bool is_han(uint32_t code_point) {
  struct Block {
    uint32_t first;
    uint32_t last;
  };
  // CJK unified ideographs, extensions A to F, compatibility ideographs and their supplement.
  static constexpr Block kBlocks[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                                      {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF},
                                      {0x2CEB0, 0x2EBEF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  return std::any_of(std::begin(kBlocks), std::end(kBlocks), [code_point](const Block& block) {
    return block.first <= code_point && code_point <= block.last;
  });
}

}  // namespace crossval
