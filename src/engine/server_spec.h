// How an engine that is a server is written: as its address, with keys behind it,
// http://127.0.0.1:8080,top=20. EngineSpec::operand is the address.
#pragma once

#include <string_view>

namespace crossval {

/// Its name in a spec: of `http://HOST:PORT`, `https://HOST` and `http:HOST:PORT`, which is short
/// for the first.
inline constexpr std::string_view kHttp = "http";

}  // namespace crossval
