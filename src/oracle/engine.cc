#include "oracle/engine.h"

#include <utility>

#include "local/engine.h"
#include "oracle/executor.h"

namespace crossval {

Result<std::unique_ptr<Engine>> make_oracle_engine(const OracleOptions& options) {
  const bool declared = options.rounding.product == ProductRounding::declared;
  const std::string name = declared ? "oracle:declared" : "oracle";
  auto loaded = load_local(local_source(options), name);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& [model, vocabulary, graph] = *loaded;
  auto executor = std::make_unique<OracleExecutor>(*graph, model->hparams.n_layer, options.rounding,
                                                   options.threads);
  EngineInfo info =
      describe_local(*model, *graph, vocabulary, options.n_ctx, options.n_batch, options.threads);
  info.identity.name = name;
  info.identity.faults = options.faults;
  info.identity.isa = kDoublePrecision;
  info.identity.activations = declared ? "rounded as the weights' formats declare" : "not rounded";
  info.settings.kv_type_k = info.settings.kv_type_v =
      options.rounding.attention != AttentionRounding::none ? "f16" : (declared ? "f32" : "f64");
  return make_local_engine({.loaded = *std::move(loaded),
                            .computation = std::move(executor),
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

}  // namespace crossval
