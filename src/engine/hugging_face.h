// The engine that a checkpoint's folder is given to: `hf:DIR`, which is `hf:model=DIR`.
#pragma once

#include <string_view>

namespace crossval {

inline constexpr std::string_view kHuggingFace = "hf";

}  // namespace crossval
