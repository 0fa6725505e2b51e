// What a noise floor is measured on: text of our own, several hundred positions of prose, code,
// figures and other languages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace crossval {

/// Each is evaluated by itself, from position 0 on.
std::span<const std::string_view> floor_texts();

/// SHA-256 of all of them.
std::string floor_text_sha256();

}  // namespace crossval
