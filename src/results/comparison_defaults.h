// What a comparison requires and how far it goes, unless something else is asked for. Suites and
// their commands, too: a command that reproduces a result names what differs from these alone.
#pragma once

#include <cstdint>

namespace crossval {

inline constexpr double kCosTol = 0.999;     // lowest cosine that passes
inline constexpr double kLogprobTol = 0.25;  // largest difference of a log-probability that does
inline constexpr int32_t kDecodeSteps = 4;   // after the prompt

}  // namespace crossval
