// Seeded texts that tokenizers read differently: every plane of Unicode, marks, emoji,
// right-to-left scripts, digits, white space, contractions, code, special tokens whole and broken,
// tokens of the vocabulary in a row, very long words, bytes that are no UTF-8, nothing.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace crossval::testing_text {

class RandomText {
 public:
  /// `tokens`: texts of the vocabulary; `specials`: those of special tokens. Both may be empty.
  RandomText(uint64_t seed, std::vector<std::string> tokens, std::vector<std::string> specials);

  std::string next();

 private:
  size_t below(size_t n) { return static_cast<size_t>(engine_() % n); }
  template <class List>
  std::string_view any(const List& list) {
    return list[below(std::size(list))];
  }
  std::string part();
  std::string several(size_t most, std::string (RandomText::*one)());
  std::string character();
  std::string code_point_of(uint32_t first, uint32_t last);
  std::string script_letter();
  std::string marked_letter();
  std::string digit();
  std::string space();
  std::string word();
  std::string byte();
  std::string broken_special();

  std::mt19937_64 engine_;
  std::vector<std::string> tokens_;
  std::vector<std::string> specials_;
};

}  // namespace crossval::testing_text
