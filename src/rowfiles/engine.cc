#include "rowfiles/engine.h"

#include <algorithm>
#include <utility>

namespace crossval {
namespace {

class RowFileEngine : public ReplayEngine {
 public:
  RowFileEngine(std::unique_ptr<RowFile> file, const std::string& path) : file_(std::move(file)) {
    const RowFileFacts& facts = file_->facts();
    info_.identity.name = facts.format;
    info_.settings.model_description = path;
    info_.settings.n_vocab = facts.n_vocab;
    info_.settings.n_ctx = facts.rows;
    info_.settings.all_logits = true;
    if (facts.content == RowContent::top) info_.settings.rows = kTopRows;
    info_.capabilities = {.all_logits = true, .decode = true};
    for (const std::string& limit : facts.limits)
      info_.warnings.push_back({"format-says-less", limit});
    facts_.client = facts.format;
    facts_.asked_differences = {"model",      "kv-type",  "flash-attention", "weight-layout",
                                "rope",       "norm-eps", "context-class",   "i2s-layout",
                                "activation", "device"};
    facts_.prompt.ids = facts.ids;
  }

  const EngineInfo& info() const override { return info_; }
  const RecordingFacts& facts() const override { return facts_; }
  std::span<const TokenId> ids() const override { return file_->facts().ids; }
  int32_t prompt_positions() const override { return file_->facts().rows; }
  bool has_recorded_prompt() const override { return false; }
  std::string not_beside_an_engine() const override { return file_->facts().not_beside_an_engine; }
  const PromptChunks* chunks() const override {
    const auto& chunks = file_->facts().chunks;
    return chunks ? &*chunks : nullptr;
  }
  double resolution() const override { return file_->facts().resolution; }
  std::span<const int32_t> places() const override { return file_->facts().places; }
  void assume_vocabulary(int32_t n_vocab) override {
    if (!file_->facts().knows_n_vocab)
      info_.settings.n_vocab = std::max(info_.settings.n_vocab, n_vocab);
  }

  Result<std::vector<TokenId>> tokenize(std::string_view, const TokenizeOptions&) override {
    return fail(ExitCode::usage, "a file of rows has no vocabulary",
                "engine " + info_.identity.name);
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    return std::vector<std::string>(ids.size());
  }
  Result<bool> is_end_of_generation(TokenId) override { return false; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    const int32_t end = request.first + static_cast<int32_t>(request.ids.size());
    for (int32_t i = request.rows == Rows::last ? end - 1 : request.first; i < end; ++i) {
      const auto row = file_->row(i);
      if (!row) return tl::unexpected(row.error());
      if (!sink(i, *row)) return Outcome::stopped;
    }
    return Outcome::complete;
  }
  Result<Outcome> compute_tensors(const TraceRequest&, const TensorSink&) override {
    return fail(ExitCode::usage, "a file of rows has no tensors", "engine " + info_.identity.name);
  }

  std::unique_ptr<RowFile> file_;
  EngineInfo info_;
  RecordingFacts facts_;
};

}  // namespace

std::unique_ptr<ReplayEngine> make_row_file_engine(std::unique_ptr<RowFile> file,
                                                   const std::string& path) {
  return std::make_unique<RowFileEngine>(std::move(file), path);
}

}  // namespace crossval
