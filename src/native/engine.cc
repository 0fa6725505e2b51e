#include "native/engine.h"

#include <utility>

#include "kernels/kernels.h"
#include "local/engine.h"
#include "native/describe.h"
#include "native/executor.h"

namespace crossval {

Result<std::unique_ptr<Engine>> make_native_engine(const NativeOptions& options) {
  const auto kernels = choose_kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  auto loaded = load_local(local_source(options), "native");
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& [model, vocabulary, graph] = *loaded;
  auto computation =
      make_native_computation(*graph, model->hparams, options.kv, options.n_ctx, options.threads);
  if (!computation) return tl::unexpected(computation.error());
  EngineInfo info = describe_native(options, *model, *graph, vocabulary, **kernels);
  return make_local_engine({.loaded = *std::move(loaded),
                            .computation = *std::move(computation),
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

Result<std::unique_ptr<Computation>> make_native_computation(const Graph& graph,
                                                             const Hparams& hparams, KvType kv,
                                                             int64_t n_ctx, int threads) {
  const auto kernels = choose_kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  auto cache = KvCache::create(hparams, kv, n_ctx);
  if (!cache) return tl::unexpected(cache.error());
  std::optional<KvCache> floats;
  if (std::ranges::any_of(graph.ops, keeps_floats)) {
    auto wider = KvCache::create(hparams, KvType::f32, n_ctx);
    if (!wider) return tl::unexpected(wider.error());
    floats = *std::move(wider);
  }
  return std::make_unique<Executor>(graph, **kernels, threads, *std::move(cache),
                                    std::move(floats));
}

}  // namespace crossval
