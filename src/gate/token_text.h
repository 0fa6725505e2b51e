// Tokens and bytes as people read them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace crossval {

/// Printable: control characters and bytes that are not UTF-8 as \n, \t, \xNN.
std::string show_bytes(std::string_view bytes);

/// "[Hel][lo]"; long lists are cut in the middle with "…".
std::string show_pieces(std::span<const std::string> pieces);

/// `text` around byte `at`: "…before >|< after…", at most `context` bytes each side, cut between
/// characters.
std::string show_place(std::string_view text, size_t at, size_t context = 32);

/// The Unicode normalisation or folding under which the two texts are equal ("NFC", "NFKC",
/// "lower case", "blanks"), or nothing. Equal texts give nothing.
std::string name_normalisation(const std::string& a, const std::string& b);

/// The one under which `text` holds `part`, a space in front apart, that it does not hold as it is;
/// or nothing.
std::string name_form_that_holds(std::string_view text, std::string_view part);

}  // namespace crossval
