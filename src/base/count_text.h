// Counts as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossval {

/// "1,024".
std::string grouped(int64_t count);

/// "1 position", "2 positions".
std::string counted(int64_t count, std::string_view noun);

/// In one word, for sizes of models: "950", "164k", "135M".
std::string rounded_count(int64_t count);

}  // namespace crossval
