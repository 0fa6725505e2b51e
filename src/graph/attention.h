// The parts of attention that builders share.
#pragma once

#include <cstdint>

#include "graph/builder.h"
#include "model/model.h"

namespace crossval {

/// How a layer turns queries and keys in a context of `n_ctx` positions.
Rotate rotation(const Layer& w, const Hparams& hp, const LayerKind& kind, int64_t n_ctx);

/// What a layer's heads do with queries, keys and values.
Attend attend(const Layer& w, const Hparams& hp, const LayerKind& kind, WindowKind window);

/// Multi-head latent attention (arXiv 2405.04434, section 2.1; docs/arithmetic.md): queries come
/// out of one short vector, keys and values out of another. Of a head's query and key the last
/// values are rotated; those of the key are the same for all heads. The merged heads, before the
/// output projection.
ValueId latent_attention(Builder& b, const Layer& w, const Hparams& hp, const LayerKind& kind,
                         ValueId in, int64_t n_ctx);

}  // namespace crossval
