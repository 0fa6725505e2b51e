#include "recording/prompt_chunks.h"

#include <optional>
#include <utility>

#include "engine/forwarding_engine.h"

namespace crossval {
namespace {

// What stands in place of each chunk's first token; nothing where the tokenizer adds none.
Result<std::optional<TokenId>> bos_of(Engine& engine) {
  if (!engine.info().settings.add_bos) return std::nullopt;
  const auto ids = engine.tokenize("a", {.add_special = true, .parse_special = false});
  if (!ids) return tl::unexpected(ids.error());
  return ids->front();
}

class ByChunks : public ForwardingEngine {
 public:
  ByChunks(std::unique_ptr<Engine> engine, PromptChunks chunks)
      : ForwardingEngine(std::move(engine)), chunks_(std::move(chunks)) {
    info_ = inner().info();
    info_.settings.n_ctx = chunks_.count() * chunks_.rows;
    info_.capabilities.decode = info_.capabilities.trace = info_.capabilities.state = false;
  }

  const EngineInfo& info() const override { return info_; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    auto done = evaluate_chunks(inner(), chunks_, static_cast<int32_t>(request.ids.size()), sink);
    info_.warnings = inner().info().warnings;
    return done;
  }

  PromptChunks chunks_;
  EngineInfo info_;
};

}  // namespace

std::vector<TokenId> PromptChunks::row_ids() const {
  std::vector<TokenId> of_rows;
  of_rows.reserve(static_cast<size_t>(count()) * static_cast<size_t>(rows));
  for (int32_t chunk = 0; chunk < count(); ++chunk) {
    const auto begin = ids.begin() + int64_t{chunk} * length + first_row;
    of_rows.insert(of_rows.end(), begin, begin + rows);
  }
  return of_rows;
}

Result<Outcome> evaluate_chunks(Engine& engine, const PromptChunks& chunks, int32_t count,
                                const RowSink& sink) {
  std::optional<TokenId> bos;
  if (chunks.bos_in_place) {
    const auto found = bos_of(engine);
    if (!found) return tl::unexpected(found.error());
    bos = *found;
  }
  for (int32_t first = 0; first < count; first += chunks.rows) {
    const auto begin = chunks.ids.begin() + int64_t{first} / chunks.rows * chunks.length;
    std::vector<TokenId> ids(begin, begin + chunks.length);
    if (bos) ids.front() = *bos;
    auto done = engine.evaluate({.ids = ids}, [&](int32_t position, const Row& row) {
      const int32_t i = position - chunks.first_row;
      const bool scored = i >= 0 && i < chunks.rows && first + i < count;
      return !scored || sink(first + i, row);
    });
    if (done != Outcome::complete) return done;
  }
  return Outcome::complete;
}

std::unique_ptr<Engine> by_chunks(std::unique_ptr<Engine> engine, PromptChunks chunks) {
  return std::make_unique<ByChunks>(std::move(engine), std::move(chunks));
}

}  // namespace crossval
