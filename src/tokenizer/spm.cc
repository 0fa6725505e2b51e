// SentencePiece's BPE as llama.cpp runs it: neighbours whose joined text is a token join, the token
// with the highest score first.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "tokenizer/code_points.h"
#include "tokenizer/merger.h"
#include "tokenizer/segmenter.h"

namespace crossval {
namespace {

constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";  // U+2581

struct Stretch {
  uint32_t begin = 0;  // byte in the text
  uint32_t size = 0;
  bool operator==(const Stretch&) const = default;
};
using StretchMerger = Merger<Stretch, float>;

class SpmSegmenter : public Segmenter {
 public:
  explicit SpmSegmenter(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    for (const VocabularyToken& token : vocabulary.tokens) {
      longest_ = std::max(longest_, token.text.size());
    }
    for (size_t b = 0; b < byte_tokens_.size(); ++b) {
      const char byte = static_cast<char>(b);
      byte_tokens_[b] = vocabulary.find(fmt::format("<0x{:02X}>", b));
      if (byte_tokens_[b] == kNoToken && b != 0) {
        byte_tokens_[b] = vocabulary.find(std::string_view(&byte, 1));
      }
    }
  }

  Result<void> append(std::string_view text, bool after_special,
                      std::vector<int32_t>* ids) const override {
    const std::string escaped = escape(text, after_special);
    std::vector<Stretch> stretches;
    stretches.reserve(escaped.size());
    for (size_t at = 0; at < escaped.size();) {
      const size_t size = std::min(claimed_length(escaped[at]), escaped.size() - at);
      stretches.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(size)});
      at += size;
    }
    StretchMerger merger;
    merger.merge(&stretches, [&escaped, this](const Stretch& left, const Stretch& right) {
      return join(escaped, left, right);
    });
    for (const Stretch& stretch : stretches) {
      const std::string_view piece = std::string_view(escaped).substr(stretch.begin, stretch.size);
      if (const int32_t id = vocabulary_.find(piece); id != kNoToken) {
        ids->push_back(id);
      } else if (auto pushed = append_bytes(piece, ids); !pushed) {
        return pushed;
      }
    }
    return {};
  }

 private:
  std::string escape(std::string_view text, bool after_special) const {
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    if (vocabulary_.add_space_prefix && after_special) out += kEscapedSpace;
    for (const char c : text) {
      if (c == ' ') {
        out += kEscapedSpace;
      } else {
        out += c;
      }
    }
    return out;
  }

  std::optional<StretchMerger::Candidate> join(std::string_view text, const Stretch& left,
                                               const Stretch& right) const {
    const Stretch both{left.begin, left.size + right.size};
    if (both.size > longest_) return std::nullopt;
    const int32_t id = vocabulary_.find(text.substr(both.begin, both.size));
    if (id == kNoToken) return std::nullopt;
    return StretchMerger::Candidate{-vocabulary_.tokens[static_cast<size_t>(id)].score, both};
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
  size_t longest_ = 0;                      // bytes
  std::array<int32_t, 256> byte_tokens_{};  // kNoToken: that byte cannot be written
};

}  // namespace

std::unique_ptr<Segmenter> make_spm_segmenter(const Vocabulary& vocabulary) {
  return std::make_unique<SpmSegmenter>(vocabulary);
}

}  // namespace crossval
