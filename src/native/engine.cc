#include "native/engine.h"

#include <functional>
#include <utility>
#include <vector>

#include "graph/decoder.h"
#include "kernels/kernels.h"
#include "local/engine.h"
#include "local/vocabulary.h"
#include "native/describe.h"
#include "native/executor.h"
#include "native/faults.h"

namespace crossval {
namespace {

/// Of the feed-forward networks.
Activation activation_of(const Graph& graph) {
  for (const Op& op : graph.ops)
    if (const auto* activate = std::get_if<Activate>(&op.action)) return activate->kind;
  return Activation::silu;
}

}  // namespace

Result<std::unique_ptr<Engine>> make_native_engine(const NativeOptions& options) {
  const auto kernels = choose_kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  auto model = load_model(options.model_path, options.i2s_layout);
  if (!model) return tl::unexpected(model.error());
  std::vector<std::function<void(Graph&)>> edits;
  bool drop_bos = false;
  for (const std::string& fault : options.faults) {
    if (auto ok = plant_fault(fault, {**model, edits, drop_bos}); !ok)
      return tl::unexpected(ok.error());
  }
  auto vocabulary = LocalVocabulary::create((*model)->file, options.tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  auto graph = std::make_unique<Graph>(build_decoder(**model, options.n_ctx));
  for (const auto& edit : edits) edit(*graph);
  auto cache = KvCache::create((*model)->hparams, options.kv, options.n_ctx);
  if (!cache) return tl::unexpected(cache.error());
  EngineInfo info =
      describe_native(options, **model, *vocabulary, **kernels, activation_of(*graph));
  auto executor = std::make_unique<Executor>(*graph, **kernels, options.threads, *std::move(cache));
  return make_local_engine({.model = *std::move(model),
                            .graph = std::move(graph),
                            .computation = std::move(executor),
                            .vocabulary = *std::move(vocabulary),
                            .drop_bos = drop_bos,
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

}  // namespace crossval
