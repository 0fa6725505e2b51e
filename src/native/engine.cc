#include "native/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/memory.h"
#include "graph/decoder.h"
#include "graph/upstream_names.h"
#include "kernels/kernels.h"
#include "native/describe.h"
#include "native/executor.h"
#include "native/faults.h"
#include "native/vocabulary.h"

namespace crossval {
namespace {

/// Of the feed-forward networks.
Activation activation_of(const Graph& graph) {
  for (const Op& op : graph.ops)
    if (const auto* activate = std::get_if<Activate>(&op.action)) return activate->kind;
  return Activation::silu;
}

class NativeEngine : public Engine {
 public:
  NativeEngine(const NativeOptions& options, std::unique_ptr<Model> model,
               NativeVocabulary vocabulary, bool drop_bos, const KernelSet& kernels, Graph graph,
               KvCache cache)
      : model_(std::move(model)),
        vocabulary_(std::move(vocabulary)),
        drop_bos_(drop_bos),
        pool_(options.threads),
        graph_(std::move(graph)),
        executor_(graph_, kernels, pool_, std::move(cache)),
        info_(describe_native(options, *model_, vocabulary_, kernels, activation_of(graph_))),
        n_batch_(options.n_batch),
        stop_(options.stop) {}

  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    auto ids = vocabulary_.tokenize(text, options);
    if (drop_bos_ && ids && options.add_special && vocabulary_.add_bos() && !ids->empty() &&
        ids->front() == vocabulary_.bos()) {
      ids->erase(ids->begin());
      dropped_bos_ = true;
    }
    warn_of_idle_fault();
    return ids;
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    return vocabulary_.pieces(ids);
  }
  Result<bool> is_end_of_generation(TokenId id) override {
    return vocabulary_.is_end_of_generation(id);
  }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    warn_of_idle_fault();
    const auto end = request.first + static_cast<int32_t>(request.ids.size());
    return run(request.ids, request.first, request.rows == Rows::all ? request.first : end - 1,
               [&](int64_t position, std::span<const float> row) {
                 return sink(static_cast<int32_t>(position), row);
               },
               {});
  }

  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    if (names_.empty()) names_ = upstream_names(graph_, *model_);
    const auto observer = [&](const Observation& seen) {
      const NodeName& name = name_of(seen);
      return name.name.empty() || sink(tensor_of(name, seen));
    };
    const auto row_sink = [&](int64_t position, std::span<const float> row) {
      return sink({.name = "result_output",
                   .op = names_.back().result.op,
                   .occurrence = 0,
                   .layer = -1,
                   .first_position = static_cast<int32_t>(position),
                   .positions = 1,
                   .width = static_cast<int64_t>(row.size()),
                   .heads = 0,
                   .data = row});
    };
    auto done = run(request.ids, request.first, request.first, row_sink, observer);
    const auto end = request.first + static_cast<int32_t>(request.ids.size());
    return done == Outcome::complete ? show_state(request.selection, end, sink) : done;
  }

  // Of the positions before `end`.
  Outcome show_state(const Selection& selection, int32_t end, const TensorSink& sink) const {
    const Range wanted = selection.positions.within({0, end});
    if (!selection.state || wanted.empty()) return Outcome::complete;
    const auto n = wanted.end - wanted.first;
    const auto show = [&](const char* name, int32_t layer, const std::vector<float>& rows) {
      return rows.empty() || sink({.name = fmt::format("{}-{}", name, layer),
                                   .op = std::string(kStateOp),
                                   .occurrence = 0,
                                   .layer = layer,
                                   .first_position = wanted.first,
                                   .positions = n,
                                   .width = std::ssize(rows) / n,
                                   .heads = 0,
                                   .data = rows});
    };
    const KvCache& cache = executor_.cache();
    for (int32_t il = 0; il < model_->hparams.n_layer; ++il) {
      if (!show("cache_k", il, cache.key_rows(il, wanted.first, n)) ||
          !show("cache_v", il, cache.value_rows(il, wanted.first, n))) {
        return Outcome::stopped;
      }
    }
    return Outcome::complete;
  }

  // Once it is known that missing-bos had no BOS to leave out.
  void warn_of_idle_fault() {
    if (!drop_bos_ || std::exchange(dropped_bos_, true)) return;
    info_.warnings.push_back({"fault-without-effect",
                              "the planted fault missing-bos left nothing out: this tokenizer "
                              "added no BOS to these ids"});
  }

  Result<Outcome> run(std::span<const TokenId> ids, int32_t first, int32_t rows_from,
                      const LogitsSink& rows, const Observer& observer) {
    const auto n = static_cast<int64_t>(ids.size());
    for (int64_t at = 0; at < n; at += n_batch_) {
      const auto chunk =
          ids.subspan(static_cast<size_t>(at), static_cast<size_t>(std::min(n_batch_, n - at)));
      chunk_first_ = first + static_cast<int32_t>(at);
      chunk_positions_ = static_cast<int32_t>(chunk.size());
      try {
        if (!executor_.chunk(chunk, chunk_first_, rows_from, rows, observer, stop_))
          return Outcome::stopped;
      } catch (const std::bad_alloc&) {
        return fail(ExitCode::engine_failed,
                    fmt::format("not enough memory for {} of {} positions at once; {} MB are left",
                                observer ? "a trace" : "a pass", chunk_positions_,
                                available_memory() / 1'000'000),
                    "engine native", "Give a smaller -b.");
      }
    }
    return Outcome::complete;
  }

  const NodeName& name_of(const Observation& seen) const {
    const OpNames& names = names_[seen.op];
    if (seen.part == Observation::Part::scores) return names.scores;
    return seen.part == Observation::Part::probabilities ? names.probabilities : names.result;
  }

  TraceTensor tensor_of(const NodeName& name, const Observation& seen) const {
    return {.name = name.name,
            .op = name.op,
            .occurrence = name.occurrence,
            .layer = name.layer,
            .first_position = chunk_first_,
            .positions = chunk_positions_,
            .width = seen.width,
            .heads = seen.heads,
            .weight = name.weight,
            .inputs = name.inputs,
            .data = {seen.data, static_cast<size_t>(seen.width * chunk_positions_)}};
  }

  std::unique_ptr<Model> model_;
  NativeVocabulary vocabulary_;
  bool drop_bos_;             // the planted fault: to leave out the BOS that the vocabulary adds
  bool dropped_bos_ = false;  // it did, or has said that it could not
  ThreadPool pool_;
  Graph graph_;
  std::vector<OpNames> names_;  // of its operations, from the first trace on
  Executor executor_;
  EngineInfo info_;
  int64_t n_batch_;
  std::stop_token stop_;
  int32_t chunk_first_ = 0;
  int32_t chunk_positions_ = 0;
};

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
  auto vocabulary = NativeVocabulary::create((*model)->file, options.tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  Graph graph = build_decoder(**model, options.n_ctx);
  for (const auto& edit : edits) edit(graph);
  auto cache = KvCache::create((*model)->hparams, options.kv, options.n_ctx);
  if (!cache) return tl::unexpected(cache.error());
  return std::make_unique<NativeEngine>(options, std::move(*model), std::move(*vocabulary),
                                        drop_bos, **kernels, std::move(graph), std::move(*cache));
}

}  // namespace crossval
