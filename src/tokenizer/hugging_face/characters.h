// Properties of characters as the library behind tokenizer.json sees them: marks, punctuation and
// control characters by its own tables (scripts/generate_hf_tables.py), the rest by utf8proc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossval {

bool hf_is_space(uint32_t c);        // White_Space
bool hf_is_word(uint32_t c);         // \w: Alphabetic, marks, decimal digits, connectors, joiners
bool hf_is_number(uint32_t c);       // any category N
bool hf_is_punctuation(uint32_t c);  // any category P, and all of ASCII's
bool hf_is_mark(uint32_t c);         // any category M
bool hf_is_nonspacing_mark(uint32_t c);
bool hf_is_control(uint32_t c);  // what BERT's cleaning takes out
bool hf_is_ideograph(uint32_t c);

/// Full lower case, character by character.
std::string hf_lowercase(std::string_view text);

enum class NormalForm { nfc, nfd, nfkc, nfkd };
/// `text` is valid UTF-8.
std::string hf_normal_form(std::string_view text, NormalForm form);

}  // namespace crossval
