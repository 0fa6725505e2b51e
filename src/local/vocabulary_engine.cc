#include "local/vocabulary_engine.h"

#include "base/build_info.h"
#include "local/vocabulary.h"

namespace crossval {
namespace {

class VocabularyEngine : public Engine {
 public:
  VocabularyEngine(LocalVocabulary vocabulary, EngineInfo info)
      : vocabulary_(std::move(vocabulary)), info_(std::move(info)) {}

  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    return vocabulary_.tokenize(text, options);
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    return vocabulary_.pieces(ids);
  }
  Result<bool> is_end_of_generation(TokenId id) override {
    return vocabulary_.is_end_of_generation(id);
  }

 private:
  // Not called: without a context no request is possible.
  Result<Outcome> compute_rows(const EvaluateRequest&, const RowSink&) override {
    return Outcome::stopped;
  }
  Result<Outcome> compute_tensors(const TraceRequest&, const TensorSink&) override {
    return Outcome::stopped;
  }

  LocalVocabulary vocabulary_;
  EngineInfo info_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_local_vocabulary(const GgufFile& model,
                                                      const std::string& tokenizer_path) {
  auto vocabulary = LocalVocabulary::create(model, tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  EngineInfo info;
  info.identity.name = "native";
  info.identity.version = build_info().version;
  info.identity.commit = build_info().commit;
  info.settings.model_path = model.path();
  info.settings.n_vocab = vocabulary->size();
  vocabulary->describe(info);
  return std::make_unique<VocabularyEngine>(*std::move(vocabulary), std::move(info));
}

}  // namespace crossval
