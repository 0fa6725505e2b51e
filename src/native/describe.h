// Who the native engine is and what it runs with, for every result.
#pragma once

#include "engine/info.h"
#include "graph/op.h"
#include "kernels/kernels.h"
#include "local/vocabulary.h"
#include "model/model.h"
#include "native/engine.h"

namespace crossval {

EngineInfo describe_native(const NativeOptions& options, const Model& model, const Graph& graph,
                           const LocalVocabulary& vocabulary, const KernelSet& kernels);

}  // namespace crossval
