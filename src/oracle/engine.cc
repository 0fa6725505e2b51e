#include "oracle/engine.h"

#include <utility>

#include "graph/decoder.h"
#include "local/engine.h"
#include "oracle/executor.h"

namespace crossval {

Result<std::unique_ptr<Engine>> make_oracle_engine(const OracleOptions& options) {
  const auto file = options.files.open(options.model_path);
  if (!file) return tl::unexpected(file.error());
  auto model = load_model(*file, options.i2s_layout);
  if (!model) return tl::unexpected(model.error());
  auto vocabulary = LocalVocabulary::create((*model)->file, options.tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  auto graph = std::make_unique<Graph>(build_decoder(**model, options.n_ctx));
  auto executor = std::make_unique<OracleExecutor>(*graph, (*model)->hparams.n_layer,
                                                   options.rounding, options.threads);
  EngineInfo info =
      describe_local(**model, *graph, *vocabulary, options.n_ctx, options.n_batch, options.threads);
  const bool declared = options.rounding.product == ProductRounding::declared;
  info.identity.name = declared ? "oracle:declared" : "oracle";
  info.identity.isa = "double precision";
  info.identity.activations = declared ? "rounded as the weights' formats declare" : "not rounded";
  info.settings.kv_type_k = info.settings.kv_type_v =
      options.rounding.attention != AttentionRounding::none ? "f16" : (declared ? "f32" : "f64");
  return make_local_engine({.model = *std::move(model),
                            .graph = std::move(graph),
                            .computation = std::move(executor),
                            .vocabulary = *std::move(vocabulary),
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

}  // namespace crossval
