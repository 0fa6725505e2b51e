#include "tokenizer/segmenter.h"

#include <fmt/format.h>

namespace crossval {

tl::unexpected<Error> too_long(size_t bytes) {
  return fail(ExitCode::usage, fmt::format("the text has {} bytes", bytes), {},
              fmt::format("Give {} bytes at most.", kLongestText));
}

tl::unexpected<Error> no_unknown_token() {
  return fail(ExitCode::usage,
              "the text holds what no token spells, and the vocabulary has no unknown token");
}

tl::unexpected<Error> no_character(uint32_t code_point) {
  return fail(ExitCode::usage,
              fmt::format("the text holds U+{:X}, which is no character", code_point), {},
              "Remove the bytes F4 90 to F7 BF; llama.cpp fails on this text too.");
}

}  // namespace crossval
