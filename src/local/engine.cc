#include "local/engine.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "base/build_info.h"
#include "base/memory.h"
#include "graph/decoder.h"
#include "graph/faults.h"
#include "graph/upstream_names.h"

namespace crossval {
namespace {

class LocalEngine : public Engine {
 public:
  explicit LocalEngine(LocalParts parts)
      : parts_(std::move(parts)),
        drop_bos_(std::ranges::count(parts_.info.identity.faults, kMissingBos) > 0) {}

  const EngineInfo& info() const override { return parts_.info; }

  Result<std::vector<TokenId>> tokenize(std::string_view text,
                                        const TokenizeOptions& options) override {
    const LocalVocabulary& vocabulary = parts_.loaded.vocabulary;
    auto ids = vocabulary.tokenize(text, options);
    if (drop_bos_ && ids && options.add_special && vocabulary.add_bos() && !ids->empty() &&
        ids->front() == vocabulary.bos()) {
      ids->erase(ids->begin());
      dropped_bos_ = true;
    }
    warn_of_idle_fault();
    return ids;
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    return parts_.loaded.vocabulary.pieces(ids);
  }
  Result<bool> is_end_of_generation(TokenId id) override {
    return parts_.loaded.vocabulary.is_end_of_generation(id);
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
    if (names_.empty()) names_ = upstream_names(*parts_.loaded.graph, *parts_.loaded.model);
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
    const Computation& computation = *parts_.computation;
    for (int32_t il = 0; il < parts_.loaded.model->hparams.n_layer; ++il) {
      if (!show("cache_k", il, computation.key_rows(il, wanted.first, n)) ||
          !show("cache_v", il, computation.value_rows(il, wanted.first, n))) {
        return Outcome::stopped;
      }
    }
    return Outcome::complete;
  }

  // Once it is known that missing-bos had no BOS to leave out.
  void warn_of_idle_fault() {
    if (!drop_bos_ || std::exchange(dropped_bos_, true)) return;
    parts_.info.warnings.push_back({"fault-without-effect",
                                    "the planted fault missing-bos left nothing out: this "
                                    "tokenizer added no BOS to these ids"});
  }

  Result<Outcome> run(std::span<const TokenId> ids, int32_t first, int32_t rows_from,
                      const LogitsSink& rows, const Observer& observer) {
    const auto n = static_cast<int64_t>(ids.size());
    for (int64_t at = 0; at < n; at += parts_.n_batch) {
      const auto chunk = ids.subspan(static_cast<size_t>(at),
                                     static_cast<size_t>(std::min(parts_.n_batch, n - at)));
      chunk_first_ = first + static_cast<int32_t>(at);
      chunk_positions_ = static_cast<int32_t>(chunk.size());
      try {
        if (!parts_.computation->chunk(chunk, chunk_first_, rows_from, rows, observer, parts_.stop))
          return Outcome::stopped;
      } catch (const std::bad_alloc&) {
        return fail(ExitCode::engine_failed,
                    fmt::format("not enough memory for {} of {} positions at once; {} MB are left",
                                observer ? "a trace" : "a pass", chunk_positions_,
                                available_memory() / 1'000'000),
                    "engine " + parts_.info.identity.name, "Give a smaller -b.");
      }
    }
    return Outcome::complete;
  }

  const NodeName& name_of(const Observation& seen) const {
    const OpNames& names = names_[seen.op];
    switch (seen.part) {
      case Observation::Part::scores:
        return names.scores;
      case Observation::Part::probabilities:
        return names.probabilities;
      case Observation::Part::ranking:
        return names.ranking;
      case Observation::Part::result:
        break;
    }
    return names.result;
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

  LocalParts parts_;
  bool drop_bos_;               // a planted fault: to leave out the BOS that the vocabulary adds
  bool dropped_bos_ = false;    // it did, or has said that it could not
  std::vector<OpNames> names_;  // of the graph's operations, from the first trace on
  int32_t chunk_first_ = 0;
  int32_t chunk_positions_ = 0;
};

// What is computed is read off the operations; the model's numbers where none has them.

/// Of layers without a window.
const Rope& rope_of(const Graph& graph, const Model& model) {
  const Rope* rope = nullptr;
  for (const Op& op : graph.ops) {
    if (const auto* rotate = std::get_if<Rotate>(&op.action)) rope = &rotate->rope;
    const auto* attend = std::get_if<Attend>(&op.action);
    if (attend == nullptr) continue;
    if (rope != nullptr && attend->window == 0) return *rope;
    rope = nullptr;
  }
  return model.hparams.rope;
}

float eps_of(const Graph& graph, const Model& model) {
  for (const Op& op : graph.ops)
    if (const auto* norm = std::get_if<Normalise>(&op.action)) return norm->eps;
  return model.hparams.norm_eps;
}

}  // namespace

Result<LocalModel> load_local(const LocalSource& source, const std::string& engine) {
  const auto file = source.files.open(source.model_path);
  if (!file) return tl::unexpected(file.error());
  auto model = load_model(*file, source.i2s_layout);
  if (!model) return tl::unexpected(model.error());
  auto vocabulary = LocalVocabulary::create(*file, source.tokenizer_path);
  if (!vocabulary) return tl::unexpected(vocabulary.error());
  auto graph = std::make_unique<Graph>(build_decoder(**model, source.n_ctx));
  for (const std::string& fault : source.faults) {
    if (auto planted = plant_fault(fault, *graph); !planted) {
      planted.error().where = "engine " + engine;
      return tl::unexpected(planted.error());
    }
  }
  return LocalModel{*std::move(model), *std::move(vocabulary), std::move(graph)};
}

std::unique_ptr<Engine> make_local_engine(LocalParts parts) {
  return std::make_unique<LocalEngine>(std::move(parts));
}

EngineInfo describe_local(const Model& model, const Graph& graph, const LocalVocabulary& vocabulary,
                          int64_t n_ctx, int64_t n_batch, int threads) {
  EngineInfo info;
  EngineIdentity& who = info.identity;
  who.version = build_info().version;
  who.commit = build_info().commit;
  who.libm = fmt::format("glibc {}", gnu_get_libc_version());
  const Hparams& h = model.hparams;
  EngineSettings& s = info.settings;
  s.model_path = model.file.path();
  s.model_description = model.describe();
  s.n_vocab = static_cast<int32_t>(h.n_vocab);
  s.n_ctx = static_cast<int32_t>(n_ctx);
  s.n_ctx_train = static_cast<int32_t>(h.n_ctx_train);
  if (model.weights.position_embd.present()) {
    s.n_ctx_learned = s.n_ctx_train;
    s.n_ctx = std::min(s.n_ctx, s.n_ctx_learned);
  }
  s.n_batch = s.n_ubatch = static_cast<int32_t>(n_batch);
  s.threads = threads;
  s.all_logits = true;
  s.flash_attention = "off";
  s.weight_layout = "as stored";
  const Rope& rope = rope_of(graph, model);
  s.rope = fmt::format("base {} scale {:g}", rope.base, rope.scale);
  s.norm_eps = eps_of(graph, model);
  if (model.i2s) {
    s.i2s_layout = i2s_layout_name(model.i2s->layout);
    s.i2s_layout_why = model.i2s->why;
    if (!model.i2s->decided) {
      info.warnings.push_back({"i2s-layout", undecided_i2s_layout(*model.i2s)});
    }
  }
  Capabilities& can = info.capabilities;
  can.all_logits = can.decode = can.trace = can.state = true;
  vocabulary.describe(info);
  return info;
}

}  // namespace crossval
