// A scripted engine: rows and tensors come from formulas, and a test bends what it wants to see
// noticed.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "session/per_token.h"

namespace crossval::testing_support {

inline constexpr int32_t kVocab = 19;

struct FakeTensor {
  std::string name, op;
  int32_t layer = -1;
  int64_t width = 4;
  int64_t heads = 0;  // > 0: attention scores, width = heads × positions of the graph so far
  int32_t occurrence = 0;
  std::string weight{};
  std::vector<std::string> inputs{};
};

class FakeEngine : public Engine {
 public:
  explicit FakeEngine(std::string name = "fake") {
    info_.identity.name = std::move(name);
    info_.settings.model_path = "no-such-file.gguf";
    info_.settings.n_vocab = kVocab;
    info_.settings.n_ctx = 512;
    info_.settings.all_logits = true;
    info_.settings.kv_type_k = info_.settings.kv_type_v = "f16";
    info_.capabilities = {.tokenize = true, .all_logits = true, .decode = true, .trace = true};
  }

  // What a test may bend.
  EngineInfo info_;
  std::function<void(int32_t position, std::vector<float>& row)> alter_row;
  std::function<void(int32_t position)> before_row;  // waits, counts
  std::map<int32_t, Error> fail_before;              // by position
  /// The positions handed out for those asked for.
  std::function<std::vector<int32_t>(std::vector<int32_t>)> alter_positions;
  std::vector<TokenId> ids_of_text = {3, 1, 4, 1, 5};
  TokenId end_of_generation = -1;
  std::vector<FakeTensor> graph = {{"embd", "GET_ROWS"},
                                   {"Qcur-0", "ROPE", 0},
                                   {"kq-0", "MUL_MAT", 0, 0, 2},
                                   {"l_out-0", "ADD", 0},
                                   {"result_output", "MUL_MAT", -1, kVocab}};
  int32_t chunk = 512;  // positions of a traced chunk
  std::function<void(const std::string& label, int32_t position, std::vector<float>& row)>
      alter_tensor;

  // What a test may ask afterwards.
  std::vector<TokenId> evaluated;  // every id, in order
  int32_t rows_given = 0;
  bool cancelled = false;
  int32_t traced = 0;   // length of the last trace
  Selection selection;  // of it

  const EngineInfo& info() const override { return info_; }

  Result<std::vector<TokenId>> tokenize(std::string_view, const TokenizeOptions&) override {
    if (!info_.capabilities.tokenize) return no_vocabulary();
    return ids_of_text;
  }

  Result<std::vector<std::string>> pieces(std::span<const TokenId> ids) override {
    if (!info_.capabilities.tokenize) return no_vocabulary();
    std::vector<std::string> result;
    for (const TokenId id : ids) result.push_back("<" + std::to_string(id) + ">");
    return result;
  }

  Result<bool> is_end_of_generation(TokenId id) override { return id == end_of_generation; }

  /// Its highest value is at id (7 × position + 2) mod kVocab.
  static std::vector<float> clean_row(int32_t position, TokenId last) {
    std::vector<float> row(kVocab);
    for (int32_t i = 0; i < kVocab; ++i) {
      row[static_cast<size_t>(i)] = std::sin(static_cast<float>(position * 31 + i * 7 + last % 2));
    }
    row[static_cast<size_t>(greedy(position))] = 3.0F;
    return row;
  }
  static TokenId greedy(int32_t position) { return (7 * position + 2) % kVocab; }

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    const auto [ids, first, rows] = request;
    std::vector<int32_t> positions;
    for (size_t i = 0; i < ids.size(); ++i) positions.push_back(first + static_cast<int32_t>(i));
    evaluated.insert(evaluated.end(), ids.begin(), ids.end());
    if (alter_positions) positions = alter_positions(positions);
    for (const int32_t position : positions) {
      if (before_row) before_row(position);
      if (const auto error = fail_before.find(position); error != fail_before.end()) {
        return tl::unexpected(error->second);
      }
      auto row = clean_row(position, evaluated.back());
      if (alter_row) alter_row(position, row);
      ++rows_given;
      if (!sink(position, row)) {
        cancelled = true;
        return Outcome::stopped;
      }
    }
    return Outcome::complete;
  }

  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    traced = static_cast<int32_t>(request.ids.size());
    selection = request.selection;
    for (int32_t first = 0; first < traced; first += chunk) {
      const int32_t n = std::min(chunk, traced - first);
      for (const FakeTensor& node : graph) {
        if (!show(node, first, n, sink)) return Outcome::stopped;
      }
    }
    return Outcome::complete;
  }

  static tl::unexpected<Error> no_vocabulary() {
    return fail(ExitCode::usage, "there is no vocabulary", "engine fake", "Give ids.");
  }
  bool show(const FakeTensor& node, int32_t first, int32_t n, const TensorSink& sink) {
    const int64_t keys = first + n;
    const int64_t width = node.heads > 0 ? node.heads * keys : node.width;
    std::vector<float> data;
    for (int32_t p = first; p < first + n; ++p) {
      std::vector<float> row(static_cast<size_t>(width));
      for (int64_t i = 0; i < width; ++i) row[static_cast<size_t>(i)] = value(node, p, i, keys);
      if (alter_tensor) alter_tensor(node.name + " " + node.op, p, row);
      data.insert(data.end(), row.begin(), row.end());
    }
    return sink({.name = node.name,
                 .op = node.op,
                 .occurrence = node.occurrence,
                 .layer = node.layer,
                 .first_position = first,
                 .positions = n,
                 .width = width,
                 .heads = node.heads,
                 .weight = node.weight,
                 .inputs = node.inputs,
                 .data = data});
  }
  // Scores of keys that a query does not see depend on the chunk, as in real engines.
  static float value(const FakeTensor& node, int32_t position, int64_t i, int64_t keys) {
    if (node.heads == 0) return static_cast<float>(position * 100 + i);
    const int64_t head = i / keys, key = i % keys;
    return static_cast<float>(key <= position ? head * 1000 + position * 10 + key : -keys);
  }
};

/// Runs nothing but counts.
class Quiet : public PerTokenObserver {
 public:
  void phase(const std::string& what) override { phases.push_back(what); }
  void progress(int32_t done, int32_t planned) override {
    last_done = done;
    last_planned = planned;
  }
  std::vector<std::string> phases;
  int32_t last_done = 0, last_planned = 0;
};

inline PerTokenPlan plan_of_text() {
  PerTokenPlan plan;
  plan.models.same = true;
  plan.prompt.text = "text";
  return plan;
}

inline PerTokenPlan plan_of_ids(int32_t count, int32_t max_tokens = 0) {
  PerTokenPlan plan;
  plan.models.same = true;
  for (int32_t i = 0; i < count; ++i) plan.prompt.ids.push_back(i % kVocab);
  plan.max_tokens = max_tokens;
  return plan;
}

inline Result<Comparison> run(const PerTokenPlan& plan, Engine& candidate, Engine& reference,
                              std::stop_token stop = {}) {
  Quiet observer;
  return compare_per_token(plan, candidate, reference, observer, std::move(stop));
}

}  // namespace crossval::testing_support
