// A key of an engine whose value is a number.
#pragma once

#include "base/error.h"
#include "engine/spec.h"

namespace crossval {

inline constexpr int kMostThreads = 1024;
inline constexpr int kMostPositions = 1 << 16;  // of a batch

/// The value of `key`, or `fallback` where it was not given. Errors (usage): no number from 1 to
/// `most`.
Result<int> number_key(const EngineSpec& spec, const char* key, int fallback, int most);

}  // namespace crossval
