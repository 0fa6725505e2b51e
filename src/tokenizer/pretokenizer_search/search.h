// Which of the known pre-tokenizers would have made given ids: a file that names the wrong one, or
// none, is known by that.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

struct PreTokenizerSearch {
  std::string_view text;
  bool parse_special = false;
  std::span<const int32_t> own;    // what the file's tokenizer made of the text
  std::span<const int32_t> other;  // what is looked for; a token put before or behind may be there
};

/// Names of tokenizer.ggml.pre, in the table's order, with which the vocabulary and the merges of
/// `file` make the other ids. Nothing where that cannot be asked: a vocabulary that is no plain BPE
/// or that is not known here, a tokenizer that makes other ids than `own`, a text of more than a
/// megabyte.
std::optional<std::vector<std::string>> find_pretokenizers(const GgufFile& file,
                                                           const PreTokenizerSearch& search);

}  // namespace crossval
