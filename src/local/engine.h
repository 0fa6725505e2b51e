// An engine in this process: a model, its vocabulary and what computes its graph, behind the Engine
// interface. It splits a request into chunks, names what is observed as llama.cpp does and shows
// the cache.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/error.h"
#include "engine/engine.h"
#include "graph/op.h"
#include "local/computation.h"
#include "local/vocabulary.h"
#include "model/model.h"

namespace crossval {

struct LocalParts {
  std::unique_ptr<Model> model;
  std::unique_ptr<Graph> graph;  // of the model; `computation` refers to both
  std::unique_ptr<Computation> computation;
  LocalVocabulary vocabulary;
  bool drop_bos = false;  // a planted fault: to leave out the BOS that the vocabulary adds
  EngineInfo info;
  int64_t n_batch = 512;   // positions of one chunk
  std::stop_token stop{};  // ends an evaluation between two operations, as a sink's false does
};

std::unique_ptr<Engine> make_local_engine(LocalParts parts);

/// What is the same in the settings of every engine in this process, as `graph` of the model
/// computes; the rest is the caller's.
EngineInfo describe_local(const Model& model, const Graph& graph, const LocalVocabulary& vocabulary,
                          int64_t n_ctx, int64_t n_batch, int threads);

}  // namespace crossval
