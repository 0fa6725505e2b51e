// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace crossval {

/// Seven decimals, cut and not rounded: what is shown never passes a tolerance that the value
/// fails. "NaN" and "Infinity" by name.
std::string cosine_text(double cosine);

/// Three digits, "0" for exactly nothing: "1.23e-04".
std::string distance_text(double distance);

/// Flips of the most likely token: "3 where the reference nearly ties, 1 decisive".
std::string flips_text(int64_t ties, int64_t decisive);

/// A float and its bits: "0.123456789 (0x3dfcd6ea)".
std::string float_text(float value);

/// "94.2 MB".
std::string size_text(uint64_t bytes);

}  // namespace crossval
