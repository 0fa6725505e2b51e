// What a template may use. A hostile one ends in an error of this process, never in crossval's.
#pragma once

#include <cstddef>

namespace crossval_jinja {

inline constexpr unsigned kCpuSeconds = 5;
inline constexpr std::size_t kMemoryBytes = std::size_t{512} << 20;
inline constexpr std::size_t kStackBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxRequestBytes = std::size_t{300} << 20;
inline constexpr std::size_t kMaxTextBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxReplyBytes = 8 * kMaxTextBytes;  // JSON escapes

/// CPU time, memory, stack, no core file, no large file, no further files. False when refused.
bool apply_limits();

}  // namespace crossval_jinja
