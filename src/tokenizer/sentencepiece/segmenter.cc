#include "tokenizer/sentencepiece/segmenter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

#include "tokenizer/spelling/byte_trie.h"
#include "tokenizer/spelling/merger.h"
#include "tokenizer/spelling/unigram.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/escaped_space.h"
#include "tokenizer/user_defined_trie.h"

namespace crossval {
namespace {

constexpr double kUnknownPenalty = 10;  // below the worst token
constexpr uint16_t kSpelling = kTokenNormal | kTokenUserDefined | kTokenUnused;

// The library's best spelling does not use unused tokens, and prefers the user's to all others.
Unigram unigram_of(const Vocabulary& v) {
  UnigramRules rules;
  float worst = std::numeric_limits<float>::max();
  float best = std::numeric_limits<float>::lowest();
  for (int32_t id = 0; id < v.size(); ++id) {
    if (!v.has(id, kTokenNormal)) continue;
    worst = std::min(worst, v.tokens[static_cast<size_t>(id)].score);
    best = std::max(best, v.tokens[static_cast<size_t>(id)].score);
  }
  for (int32_t id = 0; id < v.size(); ++id) {
    const VocabularyToken& token = v.tokens[static_cast<size_t>(id)];
    if (!v.has(id, kTokenNormal | kTokenUserDefined)) continue;
    const double bonus = static_cast<float>(token.text.size()) * best - 0.1;
    rules.tokens.push_back({token.text, id, v.has(id, kTokenUserDefined) ? bonus : token.score});
  }
  rules.unknown_score = static_cast<float>(worst - kUnknownPenalty);
  rules.sums_in_float = true;
  return Unigram(std::move(rules));
}

class SentencePieceSegmenter : public Segmenter {
 public:
  SentencePieceSegmenter(const Vocabulary& vocabulary, Charsmap charsmap, bool byte_fallback)
      : vocabulary_(vocabulary),
        charsmap_(std::move(charsmap)),
        user_defined_(user_defined_trie(vocabulary)),
        unigram_(unigram_of(vocabulary)) {
    for (size_t b = 0; b < bytes_.size(); ++b) {
      bytes_[b] =
          byte_fallback ? vocabulary.find(byte_token_text(static_cast<uint8_t>(b))) : kNoToken;
    }
  }

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    const auto normalised = normalise(text);
    if (!normalised) return tl::unexpected(normalised.error());
    const bool bpe = vocabulary_.family == VocabularyFamily::sentencepiece_bpe;
    bool after_unknown = false;
    for (const Unigram::Piece& piece : bpe ? merge(*normalised) : unigram_.cut(*normalised)) {
      if (piece.id >= 0) {
        ids->push_back(piece.id);
      } else if (bytes_[0] != kNoToken) {
        for (const char c : std::string_view(*normalised).substr(piece.begin, piece.size)) {
          ids->push_back(bytes_[static_cast<uint8_t>(c)]);
        }
      } else if (!after_unknown) {
        ids->push_back(vocabulary_.unknown);
      }
      after_unknown = piece.id < 0;
    }
    return {};
  }

 private:
  // What the text begins with, as it is to be read, and how many bytes of the text that covers.
  Result<Charsmap::Replacement> next(std::string_view text) const {
    if (const ByteTrie::Match match = user_defined_.longest(text); match.size > 0) {
      return Charsmap::Replacement{match.size, text.substr(0, match.size)};
    }
    auto replaced = charsmap_.longest(text);
    if (!replaced || replaced->consumed > 0) return replaced;
    if (!is_strict_sequence(text, 0)) return Charsmap::Replacement{1, kReplacementUtf8};
    const size_t size = claimed_length(text.front());
    return Charsmap::Replacement{size, text.substr(0, size)};
  }

  Result<std::string> normalise(std::string_view text) const {
    const Vocabulary& v = vocabulary_;
    const std::string_view space = v.escape_whitespaces ? kEscapedSpace : " ";
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    bool begun = false;
    bool after_space = v.remove_extra_whitespaces;
    while (!text.empty()) {
      const auto part = next(text);
      if (!part) return tl::unexpected(part.error());
      text.remove_prefix(part->consumed);
      std::string_view rest = part->text;
      if (!begun && v.remove_extra_whitespaces && rest == " ") continue;
      if (!begun && v.add_space_prefix) out += space;
      begun = true;
      while (after_space && rest.starts_with(' ')) rest.remove_prefix(1);
      for (const char c : rest) {
        if (c == ' ') {
          out += space;
        } else {
          out += c;
        }
      }
      if (!rest.empty()) after_space = v.remove_extra_whitespaces && rest.ends_with(' ');
    }
    while (v.remove_extra_whitespaces && out.ends_with(space))
      out.resize(out.size() - space.size());
    return out;
  }

  // A token that may stand in a text by its spelling; the rest are named, never spelled.
  int32_t spelled(std::string_view text) const {
    const int32_t id = vocabulary_.find(text);
    return id != kNoToken && vocabulary_.has(id, kSpelling) ? id : kNoToken;
  }

  std::vector<Unigram::Piece> merge(std::string_view text) const {
    std::vector<MergeSymbol> symbols;
    std::vector<bool> frozen(text.size());  // by first byte: the user's tokens never join others
    for (size_t at = 0; at < text.size();) {
      const ByteTrie::Match match = user_defined_.longest(text.substr(at));
      const size_t size =
          match.size > 0 ? match.size : std::min(claimed_length(text[at]), text.size() - at);
      frozen[at] = match.size > 0;
      symbols.push_back(
          {spelled(text.substr(at, size)), static_cast<uint32_t>(at), static_cast<uint32_t>(size)});
      at += size;
    }
    // How an unused token came about, to take it apart again.
    std::unordered_map<std::string_view, std::pair<std::string_view, std::string_view>> joined;
    Merger<float> merger;
    merger.merge(&symbols,
                 [&](const MergeSymbol& left,
                     const MergeSymbol& right) -> std::optional<Merger<float>::Candidate> {
                   if (frozen[left.begin] || frozen[right.begin]) return std::nullopt;
                   const std::string_view both = text.substr(left.begin, left.size + right.size);
                   const int32_t id = spelled(both);
                   if (id == kNoToken) return std::nullopt;
                   if (vocabulary_.has(id, kTokenUnused)) {
                     joined[both] = {text.substr(left.begin, left.size),
                                     text.substr(right.begin, right.size)};
                   }
                   return Merger<float>::Candidate{
                       -vocabulary_.tokens[static_cast<size_t>(id)].score, id};
                 });
    std::vector<Unigram::Piece> pieces;
    std::vector<std::string_view> open;  // last on top
    for (const MergeSymbol& symbol : symbols) {
      open.push_back(text.substr(symbol.begin, symbol.size));
      while (!open.empty()) {
        const std::string_view piece = open.back();
        open.pop_back();
        const int32_t id = spelled(piece);
        const auto parts = joined.find(piece);
        if (id != kNoToken && vocabulary_.has(id, kTokenUnused) && parts != joined.end()) {
          open.push_back(parts->second.second);
          open.push_back(parts->second.first);
          continue;
        }
        pieces.push_back({id, static_cast<size_t>(piece.data() - text.data()), piece.size()});
      }
    }
    return pieces;
  }

  const Vocabulary& vocabulary_;
  Charsmap charsmap_;
  ByteTrie user_defined_;
  Unigram unigram_;
  std::array<int32_t, 256> bytes_{};  // kNoToken: no byte fallback
};

}  // namespace

std::unique_ptr<Segmenter> make_sentencepiece_segmenter(const Vocabulary& vocabulary,
                                                        Charsmap charsmap, bool byte_fallback) {
  return std::make_unique<SentencePieceSegmenter>(vocabulary, std::move(charsmap), byte_fallback);
}

}  // namespace crossval
