// An engine that passes everything on to another one: what a test bends, it overrides.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace crossval::testing_support {

class ForwardingEngine : public Engine {
 public:
  explicit ForwardingEngine(std::unique_ptr<Engine> engine)
      : engine_(std::move(engine)), info_(engine_->info()) {}

  const EngineInfo& info() const override { return info_; }
  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    return engine_->tokenize(text, options);
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    return engine_->pieces(ids);
  }
  Result<bool> is_end_of_generation(TokenId id) override {
    return engine_->is_end_of_generation(id);
  }

 protected:
  EngineInfo& own_info() { return info_; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    return engine_->evaluate(request, sink);
  }
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    return engine_->trace(
        request, [&](const TraceTensor& tensor) { return !shows(tensor) || sink(tensor); });
  }
  /// What is false for stays with the engine.
  virtual bool shows(const TraceTensor& /*tensor*/) const { return true; }

  std::unique_ptr<Engine> engine_;
  EngineInfo info_;
};

}  // namespace crossval::testing_support
