// Which tensors an architecture has, by name and shape. A list of look-ups in a source: a file that
// is read, or the plan of one that is made.
#pragma once

#include "model/architecture.h"
#include "model/hparams.h"
#include "model/tensor_source.h"
#include "model/weights.h"

namespace crossval {

/// Asks `in` for every tensor of a model.
Weights lay_out(TensorSource& in, const Architecture& architecture, const Hparams& hparams);

}  // namespace crossval
