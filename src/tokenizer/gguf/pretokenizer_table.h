// What each name of tokenizer.ggml.pre means: the expressions that cut text into words, and the
// settings that go with them. Generated data: scripts/generate_tokenizer_data.py.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace crossval {

struct PreTokenizerEntry {
  std::string_view name;
  std::vector<std::string_view>
      expressions;         // applied one after the other, as upstream writes them
  bool byte_level = true;  // words are spelled by text/byte_level.h
  bool ignore_merges = false;
  bool add_bos = false;
  bool clean_spaces = true;
  bool escape_whitespaces = false;
  bool no_default_bos = false;      // the family's default BOS id is not this model's
  bool newline_runs_whole = false;  // a run of newlines that is a token stays one
  bool force_bos = false;           // whatever the file says
};

std::span<const PreTokenizerEntry> pretokenizer_table();

/// nullptr when the name is not known.
const PreTokenizerEntry* find_pretokenizer(std::string_view name);

}  // namespace crossval
