// An engine in this process: a model, its vocabulary and what computes its graph, behind the Engine
// interface. It splits a request into chunks, names what is observed as llama.cpp does and shows
// the cache.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "gguf/opened_files.h"
#include "graph/op.h"
#include "local/computation.h"
#include "local/vocabulary.h"
#include "model/model.h"

namespace crossval {

struct LocalModel {
  std::unique_ptr<Model> model;
  LocalVocabulary vocabulary;
  std::unique_ptr<Graph> graph;  // of the model, with room for the context
};

struct LocalSource {
  std::string model_path{};
  OpenedFiles files{};                    // where others may have opened it
  std::string tokenizer_path{};           // empty: the model's own vocabulary
  std::optional<I2sLayout> i2s_layout{};  // of I2_S weights; without: found out by statistics
  int64_t n_ctx = 2048;
  std::vector<std::string> faults{};  // planted in the graph (graph/faults.h)
};

/// Of the options of an engine, which have what is in a source and more.
template <class Options>
LocalSource local_source(const Options& o) {
  return {o.model_path, o.files, o.tokenizer_path, o.i2s_layout, o.n_ctx, o.faults};
}

/// For the engine of that name. Errors: those of opening, of load_model, of LocalVocabulary::create
/// and of plant_fault.
Result<LocalModel> load_local(const LocalSource& source, const std::string& engine);

struct LocalParts {
  LocalModel loaded;
  std::unique_ptr<Computation> computation;  // refers to the model and its graph
  EngineInfo info;                           // its faults are those that were planted
  int64_t n_batch = 512;                     // positions of one chunk
  std::stop_token stop{};  // ends an evaluation between two operations, as a sink's false does
};

std::unique_ptr<Engine> make_local_engine(LocalParts parts);

/// What is the same in the settings of every engine in this process, as `graph` of the model
/// computes; the rest is the caller's.
EngineInfo describe_local(const Model& model, const Graph& graph, const LocalVocabulary& vocabulary,
                          int64_t n_ctx, int64_t n_batch, int threads);

}  // namespace crossval
