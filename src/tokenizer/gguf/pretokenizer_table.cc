#include "tokenizer/gguf/pretokenizer_table.h"

#include <algorithm>

namespace crossval {

std::span<const PreTokenizerEntry> pretokenizer_table() {
  static const std::vector<PreTokenizerEntry> table = {
#include "tokenizer/gguf/pretokenizer_data.inc"
  };
  return table;
}

const PreTokenizerEntry* find_pretokenizer(std::string_view name) {
  const auto table = pretokenizer_table();
  const auto at = std::ranges::find(table, name, &PreTokenizerEntry::name);
  return at == table.end() ? nullptr : &*at;
}

}  // namespace crossval
