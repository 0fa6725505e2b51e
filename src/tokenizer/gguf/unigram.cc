// Unigram vocabularies (`t5`) as llama.cpp runs them: text normalised by the model's character map,
// white space escaped and perhaps merged, then spelled by the unigram model.
#include "tokenizer/spelling/unigram.h"

#include <algorithm>
#include <limits>
#include <string>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/text/charsmap.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/escaped_space.h"
#include "tokenizer/user_defined_trie.h"

namespace crossval {
namespace {

constexpr double kUnknownPenalty = 10;  // below the worst token

UnigramRules rules_of(const Vocabulary& v) {
  UnigramRules rules;
  float worst = std::numeric_limits<float>::max();
  for (int32_t id = 0; id < v.size(); ++id) {
    const VocabularyToken& token = v.tokens[static_cast<size_t>(id)];
    if (v.has(id, kTokenNormal)) worst = std::min(worst, token.score);
    if (!v.has(id, kTokenNormal | kTokenUserDefined | kTokenUnused)) continue;
    rules.tokens.push_back({token.text, id, v.has(id, kTokenUserDefined) ? 0.0 : token.score});
  }
  rules.unknown_score = static_cast<float>(worst - kUnknownPenalty);
  return rules;
}

class UnigramSegmenter : public Segmenter {
 public:
  UnigramSegmenter(const Vocabulary& vocabulary, Charsmap charsmap)
      : vocabulary_(vocabulary),
        charsmap_(std::move(charsmap)),
        user_defined_(user_defined_trie(vocabulary)),
        unigram_(rules_of(vocabulary)) {}

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    const auto normalised = normalise(text);
    if (!normalised) return tl::unexpected(normalised.error());
    bool after_unknown = false;
    for (const Unigram::Piece& piece : unigram_.cut(*normalised)) {
      const int32_t id = piece.id < 0 ? vocabulary_.unknown : piece.id;
      const bool unknown = id == vocabulary_.unknown;
      if (unknown && id == kNoToken) return no_unknown_token();
      if (!unknown || !after_unknown) ids->push_back(id);
      after_unknown = unknown;
    }
    return {};
  }

 private:
  // What the text begins with, as it is to be read, and how many bytes of the text that covers.
  Result<Charsmap::Replacement> next(std::string_view text) const {
    // Upstream lets the beginning of a user's token through, too, if no whole one matches.
    if (const size_t size = user_defined_.longest_path(text); size > 0) {
      return Charsmap::Replacement{size, text.substr(0, size)};
    }
    auto replaced = charsmap_.longest(text);
    if (!replaced || replaced->consumed > 0) return replaced;
    if (!is_complete_sequence(text, 0)) return Charsmap::Replacement{1, kReplacementUtf8};
    const size_t size = claimed_length(text.front());
    return Charsmap::Replacement{size, text.substr(0, size)};
  }

  Result<std::string> normalise(std::string_view text) const {
    const Vocabulary& v = vocabulary_;
    const std::string_view space = v.escape_whitespaces ? kEscapedSpace : " ";
    const bool merge = v.remove_extra_whitespaces;
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    bool inside_word = false;
    bool prefixed = !v.add_space_prefix;
    while (!text.empty()) {
      const auto part = next(text);
      if (!part) return tl::unexpected(part.error());
      for (const char c : part->text) {
        if (c == ' ') {
          inside_word = false;
          if (!merge) out += space;
          continue;
        }
        if (!inside_word) {
          inside_word = true;
          if (!prefixed || merge) out += space;
          prefixed = true;
        }
        out += c;
      }
      text.remove_prefix(part->consumed);
    }
    return out;
  }

  const Vocabulary& vocabulary_;
  Charsmap charsmap_;
  ByteTrie user_defined_;
  Unigram unigram_;
};

}  // namespace

Result<std::unique_ptr<Segmenter>> make_unigram_segmenter(const GgufFile& file,
                                                          const Vocabulary& vocabulary) {
  const std::string key = "tokenizer.ggml.precompiled_charsmap";
  Charsmap charsmap;
  if (file.find_key(key) != nullptr) {
    const auto bytes = file.get_array(key);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::string where = file.path() + ", key " + key;
    if ((*bytes)->element != GgufType::i8 && (*bytes)->element != GgufType::u8) {
      return fail(ExitCode::bad_input_file, "not a list of bytes", where);
    }
    auto parsed = Charsmap::parse({(*bytes)->numbers, (*bytes)->count}, where);
    if (!parsed) return tl::unexpected(parsed.error());
    charsmap = std::move(*parsed);
  }
  return std::make_unique<UnigramSegmenter>(vocabulary, std::move(charsmap));
}

}  // namespace crossval
