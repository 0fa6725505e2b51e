// An engine behind another face: what a test bends, it overrides.
#pragma once

#include <memory>
#include <utility>

#include "engine/forwarding_engine.h"

namespace crossval::testing_support {

class BentEngine : public ForwardingEngine {
 public:
  explicit BentEngine(std::unique_ptr<Engine> engine)
      : ForwardingEngine(std::move(engine)), info_(inner().info()) {}

  const EngineInfo& info() const override { return info_; }

 protected:
  EngineInfo& own_info() { return info_; }

 private:
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    return inner().trace(request,
                         [&](const TraceTensor& tensor) { return !shows(tensor) || sink(tensor); });
  }
  /// What is false for stays with the engine.
  virtual bool shows(const TraceTensor& /*tensor*/) const { return true; }

  EngineInfo info_;
};

}  // namespace crossval::testing_support
