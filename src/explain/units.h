// The units of errors, and how many of them are too many (docs/error-bounds.md).
#pragma once

namespace crossval {

/// Unit roundoff of binary32.
inline constexpr double kRoundoff = 0x1p-24;

/// Units of its bound beyond which an operation is wrong. What so many may carry over a rounding
/// boundary is not.
inline constexpr double kLimit = 4;

}  // namespace crossval
