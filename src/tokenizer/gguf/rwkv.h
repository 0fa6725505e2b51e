// The spelling of RWKV's tokens, which are any bytes: \n, \t, \r, \xHH and \ before a character
// that stands for itself.
#pragma once

#include <string>
#include <string_view>

namespace crossval {

std::string unescape_rwkv(std::string_view text);

}  // namespace crossval
