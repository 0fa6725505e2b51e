// A model as a list of operations. Plain data: who computes is an executor (native in the
// reference's arithmetic, oracle in double), who bends it is a mistake (mistakes.h).
//
// A value is positions × width floats and is written by one operation. There is no tensor algebra:
// no shapes, views or permutes; a head, an expert's row or a group of a norm is a part of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "graph/role.h"
#include "model/hparams.h"
#include "model/weights.h"

namespace crossval {

/// Index into Graph::widths.
using ValueId = int32_t;

// What an operation does with its inputs, which are named behind each. x is its first input.

/// () The rows of `table` at the token ids.
struct EmbedTokens {
  Matrix table;
};
/// () The rows of `table` at the positions + offset, the last row behind its end.
struct EmbedPositions {
  Matrix table;
  int64_t offset = 0;  // a mistake's
};
/// (x) Each `width` values of a row alone, to root mean square 1 (rms) or to mean 0 and variance 1
/// (layer).
struct Normalise {
  NormKind kind = NormKind::rms;
  float eps = 0.0F;
  int64_t width = 0;
};
/// (x) Value i times by[i mod by.size].
struct Weigh {
  Vector by;
};
/// (x) Value i plus bias[i mod bias.size].
struct AddBias {
  Vector bias;
};
/// (x) Value i over by[i mod by.size].
struct Divide {
  Vector by;
};
/// How a product's activations are rounded before they meet the weights.
enum class RoundedActivations : uint8_t {
  declared,  // as the weight format's partner says; all others are mistakes'
  floats,    // not at all
  blocks,    // to 8-bit codes with a scale for each 32 values, and the weights as floats
  rows,      // with a scale for a whole row
};
/// (x) matrix · row.
struct MatMul {
  Matrix matrix;
  RoundedActivations activations = RoundedActivations::declared;
};
/// (x) Every value times `by`.
struct Scale {
  float by = 1.0F;
};
/// (x) Every value between -limit and limit.
struct Clamp {
  float limit = 0.0F;
};
/// (x) cap · tanh(x / cap).
struct SoftCap {
  float cap = 0.0F;
};
/// (x, y) x + y.
struct Add {};
/// (x) The `width` of the output values of a row from `first` on; with `heads`, an equal share of
/// them from `first` of each head on.
struct Columns {
  int64_t first = 0;
  int64_t heads = 1;
};
/// (x, y) Each head's part of x, and behind it y, the same for all heads.
struct JoinHeads {
  int64_t heads = 1;
};
/// (x) rope.n_rot values of each head, from `first` on, turned by the position's angles.
struct Rotate {
  Rope rope;
  Vector factors{};  // n_rot / 2: each divides a pair's angle; may be absent
  int64_t head_dim = 0;
  int64_t offset = 0;  // of the position; a mistake's
  int64_t first = 0;
};
/// (x) The row at position p times 1 + temperature · log(1 + floor(p / length)).
struct Temper {
  float temperature = 0.0F;
  int64_t length = 0;
};
/// What keys and values are rounded to before they are stored.
enum class CachedAs : uint8_t {
  declared,  // as the engine's cache has it; all others are mistakes'
  floats,    // not at all
  f16,
  bf16,
  codes,  // 8-bit codes with a scale for each 32 values
};
/// What attention makes of the border between two chunks of a prompt; only mistakes have another
/// than the right one.
enum class ChunkBorder : uint8_t {
  right,
  hidden,       // the last key before a chunk is not seen from it
  overwritten,  // a chunk's first key and value are stored over the last ones before it, too
};
/// (q, k, v) k and v are stored in the layer's KV cache; then each query head attends to what it
/// sees of it. Inner values: scores and probabilities, both positions × (n_head · keys).
struct Attend {
  int64_t n_head = 0;
  int64_t n_head_kv = 0;
  int64_t head_dim_k = 0;
  int64_t head_dim_v = 0;
  float soft_cap = 0.0F;    // of the raw scores; 0: none
  float scale = 1.0F;       // then
  float alibi_bias = 0.0F;  // then ALiBi's largest bias; 0: none
  Vector sinks{};           // n_head logits that take part in the softmax; may be absent
  WindowKind window_kind = WindowKind::none;
  int64_t window = 0;              // keys a query sees, its own among them; 0: all before it
  std::vector<int64_t> kv_head{};  // n_head: the key/value head that each query head reads
  // How many keys a query sees from its own on; another number than 1 is a mistake's.
  int64_t own_key = 1;
  CachedAs cached_as = CachedAs::declared;
  ChunkBorder border = ChunkBorder::right;

  /// The cached positions that the query at `position` sees: those from `first` on before `end`.
  struct Keys {
    int64_t first, end;
  };
  Keys seen_by(int64_t position) const {
    const int64_t end = position + own_key > 1 ? position + own_key : 1;
    if (window == 0) return {0, end};
    if (window_kind == WindowKind::chunked) return {position / window * window, end};
    return {position >= window ? position - window + 1 : 0, end};
  }
};
enum class GateKind : uint8_t {
  sigmoid,
  softplus,
  silu_over_x,  // sigmoid, computed as silu(g) / g
};
/// (x, g) x times the gate of g; each gate value covers x.width / g.width neighbours.
struct GateBy {
  GateKind kind = GateKind::sigmoid;
};
/// (gate[, up]) act(gate) · up, or act(gate) alone. A matrix that holds both gives (both, both).
struct Activate {
  Activation kind = Activation::silu;
  int64_t gate_column = 0;  // of the first input: where its part begins
  int64_t up_column = 0;    // of the second
};
/// (logits) What a position gives each expert: softmax or sigmoid of a row.
struct RouteProbabilities {
  Gating gating = Gating::softmax;
};
/// (probabilities) Those of the `used` best experts, best first. The value carries their numbers.
struct ChooseExperts {
  int64_t used = 0;
  Vector selection_bias{};  // takes part in the choice only; may be absent
  int64_t offset = 0;       // a mistake's: expert e + offset is chosen in the place of e
};
/// (chosen) Softmax, then to a sum of one, then times `scale`: what is on of these.
struct WeighChosen {
  bool softmax = false;
  bool normalise = false;
  float scale = 1.0F;
};
/// (x, chosen) Each chosen expert's matrix · row; x has one row for all of a position's experts, or
/// one each. The output has `used` rows of a position side by side, as all expert values have.
struct ExpertMatMul {
  ExpertLinear experts;  // the matrices; scale and bias are operations of their own
};
/// (x, chosen) Each expert's part times by[expert].
struct ExpertScale {
  Vector by;
};
/// (x, chosen) Each expert's part plus its row of the bias.
struct ExpertBias {
  Vector bias;
};
/// (x, weights) Each expert's part times its weight.
struct WeighExperts {};
/// (x) The parts of a position's experts summed, best expert first.
struct SumExperts {
  int64_t used = 0;
  int64_t left_out = 0;  // of the last ones: only mistakes have it
};
/// (x) Only mistakes have it: the first value becomes NaN.
struct Poison {};
/// (x) Only mistakes have it: value i is x's value i + by, around the end.
struct Roll {
  int64_t by = 0;
};

using Action =
    std::variant<EmbedTokens, EmbedPositions, Normalise, Weigh, AddBias, Divide, MatMul, Scale,
                 Clamp, SoftCap, Add, Columns, JoinHeads, Rotate, Temper, Attend, GateBy, Activate,
                 RouteProbabilities, ChooseExperts, WeighChosen, ExpertMatMul, ExpertScale,
                 ExpertBias, WeighExperts, SumExperts, Poison, Roll>;

/// Whether the last input says which experts a position goes to.
inline bool reads_choice(const Action& action) {
  return std::holds_alternative<ExpertMatMul>(action) ||
         std::holds_alternative<ExpertScale>(action) || std::holds_alternative<ExpertBias>(action);
}

/// Of a product; null for all else. Of experts it is the first one's.
inline const Matrix* matrix_of(const Action& action) {
  if (const auto* product = std::get_if<MatMul>(&action)) return &product->matrix;
  const auto* product = std::get_if<ExpertMatMul>(&action);
  return product == nullptr ? nullptr : &product->experts.matrix;
}

struct Op {
  Action action;
  std::vector<ValueId> inputs;  // written before
  ValueId output = -1;
  int64_t layer = -1;  // -1: outside the layers
  Role role = Role::step;
};

/// Whether attention stores keys and values as they are: only mistakes do where the cache rounds.
inline bool keeps_floats(const Op& op) {
  const auto* attend = std::get_if<Attend>(&op.action);
  return attend != nullptr && attend->cached_as == CachedAs::floats;
}

/// Operations in the order in which they are computed.
struct Graph {
  std::vector<Op> ops;
  std::vector<int64_t> widths;  // of the values
  size_t head = 0;              // ops from here on make logits: computed for some positions at once
  ValueId logits = -1;
  /// Weights that lie in no model: what mistakes made of them. Shared with copies of the graph.
  std::vector<std::shared_ptr<const std::vector<std::byte>>> owned;

  int64_t width(ValueId value) const { return widths[static_cast<size_t>(value)]; }
};

}  // namespace crossval
