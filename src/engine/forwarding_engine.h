// An engine that passes everything on to another one: what is to be otherwise is overridden.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace crossval {

class ForwardingEngine : public Engine {
 public:
  explicit ForwardingEngine(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

  const EngineInfo& info() const override { return engine_->info(); }
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

  /// The other one.
  const Engine& inner() const { return *engine_; }

 protected:
  Engine& inner() { return *engine_; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    return engine_->evaluate(request, sink);
  }
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    return engine_->trace(request, sink);
  }

  std::unique_ptr<Engine> engine_;
};

}  // namespace crossval
