// A vocabulary of a byte each, made by hand.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace crossval {

/// Token i is `pieces[i]`; a text becomes the longest pieces from its beginning on, behind `bos`
/// where that is not −1.
class SmallVocabulary : public Engine {
 public:
  explicit SmallVocabulary(std::vector<std::string> pieces, TokenId bos = -1)
      : pieces_(std::move(pieces)), bos_(bos) {
    info_.settings.n_vocab = static_cast<int32_t>(pieces_.size());
  }

  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view text, const TokenizeOptions&) override {
    std::vector<TokenId> ids;
    if (bos_ >= 0) ids.push_back(bos_);
    while (!text.empty()) {
      TokenId longest = -1;
      for (size_t i = 0; i < pieces_.size(); ++i) {
        const auto id = static_cast<TokenId>(i);
        if (id == bos_ || !text.starts_with(pieces_[i])) continue;
        if (longest < 0 || pieces_[i].size() > pieces_[static_cast<size_t>(longest)].size())
          longest = id;
      }
      if (longest < 0) return fail(ExitCode::usage, "no such text");
      ids.push_back(longest);
      text.remove_prefix(pieces_[static_cast<size_t>(longest)].size());
    }
    return ids;
  }

  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    std::vector<std::string> found;
    for (const TokenId id : ids) found.push_back(pieces_[static_cast<size_t>(id)]);
    return found;
  }

  Result<bool> is_end_of_generation(TokenId) override { return false; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest&, const RowSink&) override {
    return Outcome::complete;
  }
  Result<Outcome> compute_tensors(const TraceRequest&, const TensorSink&) override {
    return Outcome::complete;
  }

  EngineInfo info_;
  std::vector<std::string> pieces_;
  TokenId bos_;
};

}  // namespace crossval
