#include "launch/canonical.h"

#include "native/engine.h"

namespace crossval {

Result<std::unique_ptr<Computation>> canonical_computation(const Graph& graph,
                                                           const Hparams& hparams, bool half,
                                                           int64_t n_ctx, int threads) {
  return make_native_computation(graph, hparams, half ? KvType::f16 : KvType::f32, n_ctx, threads);
}

}  // namespace crossval
