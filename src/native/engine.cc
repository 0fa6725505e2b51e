#include "native/engine.h"

#include <algorithm>
#include <utility>

#include "graph/faults.h"
#include "kernels/kernels.h"
#include "local/engine.h"
#include "native/describe.h"
#include "native/executor.h"

namespace crossval {

Result<std::unique_ptr<Engine>> make_native_engine(const NativeOptions& options) {
  const auto kernels = choose_kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  auto loaded = load_local(options.files, options.model_path, options.tokenizer_path,
                           options.i2s_layout, options.n_ctx);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& [model, vocabulary, graph] = *loaded;
  for (const std::string& fault : options.faults) {
    if (auto planted = plant_fault(fault, *graph); !planted) {
      planted.error().where = "engine native";
      return tl::unexpected(planted.error());
    }
  }
  auto cache = KvCache::create(model->hparams, options.kv, options.n_ctx);
  if (!cache) return tl::unexpected(cache.error());
  EngineInfo info = describe_native(options, *model, *graph, vocabulary, **kernels);
  auto executor = std::make_unique<Executor>(*graph, **kernels, options.threads, *std::move(cache));
  return make_local_engine({.loaded = *std::move(loaded),
                            .computation = std::move(executor),
                            .drop_bos = std::ranges::count(options.faults, kMissingBos) > 0,
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

}  // namespace crossval
