// PLaMo-2 vocabularies: of all ways to spell a text, the one with the highest sum of scores, in
// whole ten-thousandths, found from the end; among equals the longest first token. What no token
// spells is written in bytes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tokenizer/gguf/segmenters.h"
#include "tokenizer/spelling/byte_trie.h"
#include "tokenizer/text/code_points.h"

namespace crossval {
namespace {

constexpr uint32_t kByteOrderMark = 0xFEFF;
constexpr int64_t kUnknownCost = 10'000'000;
constexpr double kLowestScore = -20'000'000;  // a token with this score or less is never used
constexpr double kHighestScore = 2'147'483'647;

class Plamo2Segmenter : public Segmenter {
 public:
  static Result<std::unique_ptr<Segmenter>> create(const Vocabulary& vocabulary) {
    std::unique_ptr<Plamo2Segmenter> result(new Plamo2Segmenter(vocabulary));
    for (size_t b = 0; b < result->bytes_.size(); ++b) {
      const int32_t id = vocabulary.find(byte_token_text(static_cast<uint8_t>(b)));
      // Upstream takes id 0 for none.
      if (id <= 0 || !vocabulary.has(id, kTokenByte)) {
        return fail(ExitCode::bad_input_file,
                    fmt::format("the vocabulary has no token for byte 0x{:02X}", b),
                    "key tokenizer.ggml.tokens");
      }
      result->bytes_[b] = id;
    }
    return std::unique_ptr<Segmenter>(std::move(result));
  }

  Result<void> append(std::string_view text, bool /*after_special*/,
                      std::vector<int32_t>* ids) const override {
    // Broken bytes are read, and written, as U+FFFD.
    std::string clean;
    std::vector<size_t> begins;  // of each character
    for (size_t offset = 0; offset < text.size();) {
      const bool first = offset == 0;
      const uint32_t c = next_code_point(text, &offset);
      if (first && c == kByteOrderMark) continue;
      begins.push_back(clean.size());
      append_utf8(c, &clean);
    }
    struct Step {
      int64_t cost = int64_t{1} << 60;
      int32_t token = kNoToken;
      uint32_t size = 0;  // bytes
    };
    std::vector<Step> steps(clean.size() + 1);
    steps.back().cost = 0;
    std::vector<std::pair<int32_t, size_t>> found;  // shortest first
    for (size_t i = begins.size(); i-- > 0;) {
      const size_t begin = begins[i];
      const size_t next = i + 1 < begins.size() ? begins[i + 1] : clean.size();
      Step& step = steps[begin];
      matches(std::string_view(clean).substr(begin), &found);
      for (size_t n = found.size(); n-- > 0;) {
        const auto [token, size] = found[n];
        const int64_t cost = steps[begin + size].cost + costs_[static_cast<size_t>(token)];
        if (cost < step.cost) step = {cost, token, static_cast<uint32_t>(size)};
      }
      const int64_t unknown = steps[next].cost + kUnknownCost;
      if (unknown < step.cost) step = {unknown, kNoToken, static_cast<uint32_t>(next - begin)};
    }
    for (size_t at = 0; at < clean.size(); at += steps[at].size) {
      if (steps[at].token != kNoToken) {
        ids->push_back(steps[at].token);
        continue;
      }
      for (const char c : std::string_view(clean).substr(at, steps[at].size)) {
        ids->push_back(bytes_[static_cast<uint8_t>(c)]);
      }
    }
    return {};
  }

 private:
  explicit Plamo2Segmenter(const Vocabulary& vocabulary) : costs_(vocabulary.tokens.size()) {
    std::vector<std::pair<std::string_view, int32_t>> keys;
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      if (vocabulary.has(id, kTokenByte)) continue;
      const VocabularyToken& token = vocabulary.tokens[static_cast<size_t>(id)];
      const double score = std::round(token.score * 1e4);
      if (!std::isfinite(score) || score <= kLowestScore) continue;
      costs_[static_cast<size_t>(id)] = -static_cast<int64_t>(std::min(score, kHighestScore));
      keys.emplace_back(token.text, id);
    }
    trie_ = ByteTrie(std::move(keys));
  }

  void matches(std::string_view text, std::vector<std::pair<int32_t, size_t>>* found) const {
    found->clear();
    int32_t node = trie_.root(text.front());
    for (size_t at = 1; node != ByteTrie::kNone; ++at) {
      if (trie_.value(node) != ByteTrie::kNone) found->emplace_back(trie_.value(node), at);
      if (at == text.size()) break;
      node = trie_.child(node, text[at]);
    }
  }

  std::vector<int64_t> costs_;  // by token
  std::array<int32_t, 256> bytes_{};
  ByteTrie trie_;
};

}  // namespace

Result<std::unique_ptr<Segmenter>> make_plamo2_segmenter(const Vocabulary& vocabulary) {
  return Plamo2Segmenter::create(vocabulary);
}

}  // namespace crossval
