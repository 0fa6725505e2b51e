#include "session/non_finite_origin.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include "inspect/tensor/weight_facts.h"
#include "protocol/row_hash.h"
#include "session/lockstep.h"
#include "session/trace_hashes.h"

namespace crossval {
namespace {

constexpr size_t kRoutingValues = 4096;  // of a row that may say which experts a position goes to

// One engine's tensors at one position, up to the first that is not finite.
class OriginSearch {
 public:
  OriginSearch(Side side, int32_t position) : position_(position) {
    origin_.side = side;
    origin_.position = position;
  }

  // False when there is no need to see more.
  bool look(const TraceTensor& tensor);

  const NonFiniteOrigin& origin() const { return origin_; }
  const std::string& label() const { return label_; }
  const TensorSources* sources_of(const std::string& label) const {
    const auto found = sources_.find(label);
    return found != sources_.end() && found->second.known() ? &found->second : nullptr;
  }
  /// Inputs and weight of what was found.
  void explain(const TensorSources& sources);
  /// Whether the weight holds what was found.
  void look_at_file(const Result<GgufFile>& file, TokenId token);

 private:
  int32_t position_;
  NonFiniteOrigin origin_;
  std::string label_;  // of what was found
  std::map<std::string, NonFiniteInput> seen_;
  std::map<std::string, TensorSources> sources_;
  std::map<std::string, std::vector<float>> small_rows_;
  std::vector<float> scratch_;
};

bool OriginSearch::look(const TraceTensor& tensor) {
  const std::span<const float> row = row_of(tensor, 0, scratch_);
  const std::string label = label_of(key_of(tensor));
  sources_[label] = {tensor.weight, tensor.inputs};
  NonFiniteInput state{.tensor = label, .traced = true};
  bool only_minus_infinity = true;  // that is a mask
  for (const float value : row) {
    only_minus_infinity = only_minus_infinity && value == -INFINITY;
    if (std::isfinite(value)) {
      state.largest = std::max(state.largest, std::fabs(double{value}));
    } else {
      state.finite = false;
    }
  }
  if (row.size() <= kRoutingValues) small_rows_[label].assign(row.begin(), row.end());
  if (state.finite || only_minus_infinity) {
    origin_.before = label;
    seen_[label] = std::move(state);
    return true;
  }
  const auto first = std::ranges::find_if(row, [](float value) { return !std::isfinite(value); });
  origin_.found = true;
  origin_.tensor = tensor.name;
  origin_.op = tensor.op;
  origin_.layer = tensor.layer;
  origin_.element = first - row.begin();
  origin_.width = std::ssize(row);
  origin_.value = *first;
  label_ = label;
  return false;
}

void OriginSearch::explain(const TensorSources& sources) {
  origin_.weight = sources.weight;
  for (const std::string& label : sources.inputs) {
    const auto found = seen_.find(label);
    origin_.inputs.push_back(found != seen_.end() ? found->second
                                                  : NonFiniteInput{.tensor = label});
  }
}

void OriginSearch::look_at_file(const Result<GgufFile>& file, TokenId token) {
  if (origin_.weight.empty() || !file) return;
  WeightUse use{.op = origin_.op,
                .element = origin_.element,
                .token = token,
                .position = position_,
                .experts = {}};
  if (origin_.op == "MUL_MAT_ID" || origin_.op == "ADD_ID") {
    // The last input is the choice of experts; by what it is sorted goes before.
    const auto row =
        origin_.inputs.empty() ? small_rows_.end() : small_rows_.find(origin_.inputs.back().tensor);
    if (row != small_rows_.end()) use.experts.assign(row->second.begin(), row->second.end());
  }
  const WeightLook look = look_at_weight(*file, origin_.weight, use);
  origin_.weight_read = look.read;
  origin_.bad_weight = look.bad;
}

Result<Outcome> trace_into(OriginSearch& search, Engine& engine, std::span<const TokenId> ids,
                           const std::stop_token& stop) {
  const auto end = static_cast<int32_t>(ids.size());
  const TraceRequest request = {.ids = ids, .selection = {.positions = {end - 1, end}}};
  return engine.trace(request, [&](const TraceTensor& tensor) {
    return !stop.stop_requested() && search.look(tensor);
  });
}

}  // namespace

Result<std::vector<NonFiniteOrigin>> find_non_finite_origins(const EnginePair& engines,
                                                             std::span<const TokenId> ids,
                                                             const OpenedFiles& files,
                                                             const std::stop_token& stop) {
  const auto position = static_cast<int32_t>(ids.size()) - 1;
  OriginSearch candidate(Side::candidate, position), reference(Side::reference, position);
  const auto can_trace = [&](Side side) { return engines.of(side).info().capabilities.trace; };
  const auto work = [&](Side side, Engine& engine) -> Result<Outcome> {
    if (!can_trace(side)) return Outcome::stopped;
    return trace_into(side == Side::candidate ? candidate : reference, engine, ids, stop);
  };
  auto done = run_both(engines, work, [] {});
  if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  if (!done) return tl::unexpected(done.error());

  std::vector<NonFiniteOrigin> origins;
  const auto finish = [&](OriginSearch& own, const OriginSearch& other, Side side) {
    if (!can_trace(side)) return;
    if (own.origin().found) {
      const TensorSources* sources = own.sources_of(own.label());
      if (sources == nullptr) sources = other.sources_of(own.label());
      if (sources != nullptr) own.explain(*sources);
      own.look_at_file(files.open(engines.of(side).info().settings.model_path), ids.back());
    }
    origins.push_back(own.origin());
  };
  finish(candidate, reference, Side::candidate);
  finish(reference, candidate, Side::reference);
  return origins;
}

}  // namespace crossval
