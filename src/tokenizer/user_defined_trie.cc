#include "tokenizer/user_defined_trie.h"

namespace crossval {

ByteTrie user_defined_trie(const Vocabulary& vocabulary) {
  std::vector<std::pair<std::string_view, int32_t>> keys;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.has(id, kTokenUserDefined)) continue;
    keys.emplace_back(vocabulary.tokens[static_cast<size_t>(id)].text, id);
  }
  return ByteTrie(std::move(keys));
}

}  // namespace crossval
