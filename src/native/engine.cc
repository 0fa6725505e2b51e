#include "native/engine.h"

#include <algorithm>
#include <utility>

#include "graph/decoder.h"
#include "graph/faults.h"
#include "kernels/kernels.h"
#include "local/engine.h"
#include "local/vocabulary.h"
#include "native/describe.h"
#include "native/executor.h"

namespace crossval {

Result<std::unique_ptr<Engine>> make_native_engine(const NativeOptions& options) {
  const auto kernels = choose_kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  const auto file = options.files.open(options.model_path);
  if (!file) return tl::unexpected(file.error());
  auto model = load_model(*file, options.i2s_layout);
  if (!model) return tl::unexpected(model.error());
  auto vocabulary = LocalVocabulary::create((*model)->file, options.tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  auto graph = std::make_unique<Graph>(build_decoder(**model, options.n_ctx));
  for (const std::string& fault : options.faults) {
    if (auto planted = plant_fault(fault, *graph); !planted) {
      planted.error().where = "engine native";
      return tl::unexpected(planted.error());
    }
  }
  auto cache = KvCache::create((*model)->hparams, options.kv, options.n_ctx);
  if (!cache) return tl::unexpected(cache.error());
  EngineInfo info = describe_native(options, **model, *graph, *vocabulary, **kernels);
  auto executor = std::make_unique<Executor>(*graph, **kernels, options.threads, *std::move(cache));
  return make_local_engine({.model = *std::move(model),
                            .graph = std::move(graph),
                            .computation = std::move(executor),
                            .vocabulary = *std::move(vocabulary),
                            .drop_bos = std::ranges::count(options.faults, kMissingBos) > 0,
                            .info = std::move(info),
                            .n_batch = options.n_batch,
                            .stop = options.stop});
}

}  // namespace crossval
