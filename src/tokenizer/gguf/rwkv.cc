// RWKV vocabularies: always the longest token, over bytes.
#include "tokenizer/gguf/rwkv.h"

#include <fmt/format.h>

#include <deque>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/spelling/byte_trie.h"

namespace crossval {
namespace {

class RwkvSegmenter : public Segmenter {
 public:
  explicit RwkvSegmenter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    std::deque<std::string> texts;
    std::vector<std::pair<std::string_view, int32_t>> keys;
    keys.reserve(vocabulary.tokens.size());
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      keys.emplace_back(
          texts.emplace_back(unescape_rwkv(vocabulary.tokens[static_cast<size_t>(id)].text)), id);
    }
    trie_ = ByteTrie(std::move(keys));
  }

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    while (!text.empty()) {
      const ByteTrie::Match match = trie_.longest(text);
      if (match.value != ByteTrie::kNone) {
        ids->push_back(match.value);
        text.remove_prefix(match.size);
        continue;
      }
      // Upstream never ends when a longer token begins with this byte and the byte is none itself.
      if (vocabulary_.unknown == kNoToken || trie_.root(text.front()) != ByteTrie::kNone) {
        return fail(ExitCode::usage,
                    fmt::format("the vocabulary has no token for byte 0x{:02X} of the text",
                                static_cast<uint8_t>(text.front())));
      }
      ids->push_back(vocabulary_.unknown);
      text.remove_prefix(1);
    }
    return {};
  }

 private:
  const Vocabulary& vocabulary_;
  ByteTrie trie_;
};

}  // namespace

std::string unescape_rwkv(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) break;
    switch (text[i]) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'x': {
        // As upstream reads the digits: whatever they are, and none at all when one is missing.
        if (i + 2 >= text.size()) return out;
        const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
        out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
        break;
      }
      default:
        out += text[i];
    }
  }
  return out;
}

std::unique_ptr<Segmenter> make_rwkv_segmenter(const Vocabulary& vocabulary) {
  return std::make_unique<RwkvSegmenter>(vocabulary);
}

}  // namespace crossval
