// SentencePiece's BPE as llama.cpp runs it: neighbours whose joined text is a token join, the token
// with the highest score first.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/spelling/merger.h"
#include "tokenizer/text/code_points.h"
#include "tokenizer/text/escaped_space.h"

namespace crossval {
namespace {

using TokenMerger = Merger<float>;  // by negative score; MergeSymbol::piece is a token or kNoToken

class SentencePieceBpeSegmenter : public Segmenter {
 public:
  explicit SentencePieceBpeSegmenter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    for (const VocabularyToken& token : vocabulary.tokens) {
      longest_ = std::max(longest_, token.text.size());
      note_before_space(token.text);
    }
    for (size_t b = 0; b < byte_tokens_.size(); ++b) {
      const char byte = static_cast<char>(b);
      byte_tokens_[b] = vocabulary.find(byte_token_text(static_cast<uint8_t>(b)));
      if (byte_tokens_[b] == kNoToken && b != 0) {
        byte_tokens_[b] = vocabulary.find(std::string_view(&byte, 1));
      }
    }
  }

  Result<void> append(std::string_view text, bool after_special,
                      std::vector<int32_t>* ids) const override {
    const std::string escaped = escape_spaces(text, vocabulary_.add_space_prefix && after_special);
    TokenMerger merger;
    std::vector<MergeSymbol> symbols;
    for (size_t at = 0; at < escaped.size();) {
      const size_t size = std::min(claimed_length(escaped[at]), escaped.size() - at);
      const std::string_view symbol = std::string_view(escaped).substr(at, size);
      if (!symbols.empty() && symbol == kEscapedSpace && parts_before_space(escaped, symbols)) {
        if (auto done = merge(escaped, &merger, &symbols, ids); !done) return done;
      }
      symbols.push_back(
          {vocabulary_.find(symbol), static_cast<uint32_t>(at), static_cast<uint32_t>(size)});
      at += size;
    }
    return merge(escaped, &merger, &symbols, ids);
  }

 private:
  void note_before_space(std::string_view token) {
    std::string_view before;
    for (size_t at = 0; at < token.size();) {
      const std::string_view symbol = token.substr(at, claimed_length(token[at]));
      if (symbol == kEscapedSpace && !before.empty()) before_space_.emplace(before);
      before = symbol;
      at += symbol.size();
    }
  }

  // No token has this symbol before a space, so nothing will ever join across: what is before the
  // space can be merged by itself, with the same result in less memory.
  bool parts_before_space(std::string_view text, const std::vector<MergeSymbol>& symbols) const {
    const std::string before(text.substr(symbols.back().begin, symbols.back().size));
    return !before_space_.contains(before);
  }

  // Empties `symbols`.
  Result<void> merge(std::string_view text, TokenMerger* merger, std::vector<MergeSymbol>* symbols,
                     std::vector<int32_t>* ids) const {
    merger->merge(symbols,
                  [text, this](const MergeSymbol& left,
                               const MergeSymbol& right) -> std::optional<TokenMerger::Candidate> {
                    const size_t size = left.size + right.size;
                    if (size > longest_) return std::nullopt;
                    const int32_t id = vocabulary_.find(text.substr(left.begin, size));
                    if (id == kNoToken) return std::nullopt;
                    return TokenMerger::Candidate{
                        -vocabulary_.tokens[static_cast<size_t>(id)].score, id};
                  });
    for (const MergeSymbol& symbol : *symbols) {
      if (symbol.piece != kNoToken) {
        ids->push_back(symbol.piece);
      } else if (auto pushed = append_bytes(text.substr(symbol.begin, symbol.size), ids); !pushed) {
        return pushed;
      }
    }
    symbols->clear();
    return {};
  }

  Result<void> append_bytes(std::string_view piece, std::vector<int32_t>* ids) const {
    for (const char c : piece) {
      const int32_t id = byte_tokens_[static_cast<uint8_t>(c)];
      if (id == kNoToken) {
        return fail(ExitCode::usage,
                    fmt::format("the vocabulary has no token for byte 0x{:02X} of the text",
                                static_cast<uint8_t>(c)),
                    {}, "llama.cpp fails on this text too");
      }
      ids->push_back(id);
    }
    return {};
  }

  const Vocabulary& vocabulary_;
  size_t longest_ = 0;                            // bytes
  std::unordered_set<std::string> before_space_;  // symbols that some token has before U+2581
  std::array<int32_t, 256> byte_tokens_{};        // kNoToken: that byte cannot be written
};

}  // namespace

std::unique_ptr<Segmenter> make_sentencepiece_bpe_segmenter(const Vocabulary& vocabulary) {
  return std::make_unique<SentencePieceBpeSegmenter>(vocabulary);
}

}  // namespace crossval
