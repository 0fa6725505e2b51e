// Vocabularies that llama.cpp's converter knows: by the ids of a check text, it tells which
// pre-tokenizer belongs to them. A file that names another one, or none, is known by that.
#pragma once

#include <string>
#include <vector>

#include "gguf/file.h"

namespace crossval {

struct KnownPreTokenizers {
  bool own = false;  // the file's own rule makes ids that are known
  /// Otherwise the names under whose rule it does. Empty: the vocabulary is none of the known ones.
  std::vector<std::string> others;
};

/// Vocabularies that are no plain BPE are none of the known ones. Source: the check text and the
/// SHA-256 of its ids in conversion/base.py of llama.cpp (known_vocabularies.inc).
KnownPreTokenizers find_known_pre_tokenizers(const GgufFile& file);

}  // namespace crossval
