// The version of every JSON document that this program prints (docs/json.md says what raises it).
#pragma once

namespace crossval {

inline constexpr int kJsonSchemaVersion = 1;

}  // namespace crossval
