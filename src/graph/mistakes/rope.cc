#include <cmath>
#include <optional>
#include <vector>

#include "base/float16.h"
#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

int64_t window_of(const Graph& graph, int64_t layer) {
  const size_t at = last_of(graph, Role::attention, layer);
  const auto* attend = at < graph.ops.size() ? std::get_if<Attend>(&graph.ops[at].action) : nullptr;
  return attend == nullptr ? 0 : attend->window;
}

/// How queries turn in some layer with a window, or without one.
std::optional<Rotate> rotation(const Graph& graph, bool windowed) {
  for (const Op& op : graph.ops) {
    if (op.role == Role::q_rope && (window_of(graph, op.layer) > 0) == windowed)
      return std::get<Rotate>(op.action);
  }
  return {};
}

bool rope_pairing(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    RopePairs& pairs = rotate.rope.pairs;
    pairs = pairs == RopePairs::adjacent ? RopePairs::halves : RopePairs::adjacent;
    return true;
  });
}
bool rope_base(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    rotate.rope.base *= 0.5F;
    return true;
  });
}
bool rope_scaling(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    const bool scale = set(rotate.rope.scale, 1.0F);
    const bool yarn = set(rotate.rope.ext_factor, 0.0F);
    const bool magnitude = set(rotate.rope.attn_factor, 1.0F);
    return scale || yarn || magnitude;
  });
}
bool rope_factors(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    const bool had = rotate.factors.present();
    rotate.factors = {};
    return had;
  });
}
bool rope_sections(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    const bool had = !rotate.rope.still.empty();
    rotate.rope.still.clear();
    return had;
  });
}
bool rope_width(Graph& graph, const Scope& scope) {
  return change_each<Rotate>(graph, scope, [](Rotate& rotate) {
    if (rotate.first != 0 || !set(rotate.rope.n_rot, rotate.head_dim)) return false;
    rotate.factors = {};  // of fewer pairs
    rotate.rope.still.clear();
    return true;
  });
}
bool key_rope(Graph& graph, const Scope& scope) { return leave_out(graph, scope, {Role::k_rope}); }

/// bend(factor, frequency) on each pair's factor, the divisor of its angle at position 1.
template <class Bend>
bool bend_factors(Graph& graph, const Scope& scope, const Bend& bend) {
  return change_each<Rotate>(graph, scope, [&](Rotate& rotate) {
    const Rope& rope = rotate.rope;
    std::vector<float> factors(static_cast<size_t>(rope.n_rot / 2), 1.0F);
    for (size_t pair = 0; pair < factors.size(); ++pair) {
      const double turn = -2.0 * static_cast<double>(pair) / static_cast<double>(rope.n_rot);
      if (rotate.factors.present()) factors[pair] = rotate.factors.data[pair];
      bend(factors[pair], std::pow(static_cast<double>(rope.base), turn));
    }
    rotate.factors = own(graph, factors, rotate.factors.name);
    return true;
  });
}
bool rope_direction(Graph& graph, const Scope& scope) {
  return bend_factors(graph, scope, [](float& factor, double) { factor = -factor; });
}
bool rope_f16(Graph& graph, const Scope& scope) {
  return bend_factors(graph, scope, [](float& factor, double base_frequency) {
    const double frequency = base_frequency / static_cast<double>(factor);
    const float rounded = f16_to_f32(f32_to_f16(static_cast<float>(frequency)));
    if (rounded != 0.0F) factor = static_cast<float>(base_frequency / static_cast<double>(rounded));
  });
}

bool rope_layers(Graph& graph, const Scope& scope) {
  bool added = false;
  for (int64_t layer = 0; layer < layers_of(graph); ++layer) {
    const size_t at = last_of(graph, Role::attention, layer);
    if (at == graph.ops.size() || first_of(graph, Role::q_rope, layer) < graph.ops.size() ||
        !concerns_layer(scope, layer))
      continue;
    const bool windowed = window_of(graph, layer) > 0;
    const auto own_kind = rotation(graph, windowed);
    const auto like = own_kind ? own_kind : rotation(graph, !windowed);
    if (!like) continue;
    for (const auto& [input, role] : {std::pair(1, Role::k_rope), {0, Role::q_rope}}) {
      const size_t attention = last_of(graph, Role::attention, layer);
      size_t writer = writer_of(graph, graph.ops[attention].inputs[static_cast<size_t>(input)]);
      while (is_one_of(graph.ops[writer].role, {Role::q_scaled, Role::q_tempered}))
        writer = writer_of(graph, graph.ops[writer].inputs.front());
      append(graph, writer, *like, role);
    }
    added = true;
  }
  return added;
}

bool window_rope(Graph& graph, const Scope& scope) {
  const auto other = rotation(graph, false);
  if (!other) return false;
  bool changed = false;
  for (Op& op : graph.ops) {
    auto* rotate = std::get_if<Rotate>(&op.action);
    if (rotate == nullptr || !concerns(scope, op) || window_of(graph, op.layer) == 0) continue;
    const Rope& a = rotate->rope;
    const Rope& b = other->rope;
    changed |= a.base != b.base || a.scale != b.scale || a.ext_factor != b.ext_factor ||
               a.n_rot != b.n_rot;
    *rotate = *other;
  }
  return changed;
}

bool learned_positions(Graph& graph, const Scope& scope) {
  return change_each<EmbedPositions>(
      graph, scope, [](EmbedPositions& embed) { return set<int64_t>(embed.offset, 1); });
}

/// Shifting every position leaves all distances, and so exact attention, unchanged: what remains is
/// rounding. Only bit equality sees it.
bool position(Graph& graph, const Scope& scope) {
  const bool rotated = change_each<Rotate>(
      graph, scope, [](Rotate& rotate) { return set<int64_t>(rotate.offset, 1); });
  return learned_positions(graph, scope) || rotated;
}

constexpr Mistake kMistakes[] = {
    {"rope-pairing", "RoPE rotates the other pairs (adjacent for halves, halves for adjacent)",
     "RoPE", rope_pairing},
    {"rope-base", "half the RoPE base", "RoPE", rope_base},
    {"rope-direction", "RoPE turns the other way", "RoPE", rope_direction},
    {"rope-f16", "RoPE's frequencies rounded to F16", "RoPE", rope_f16},
    {"rope-scaling", "RoPE without its scaling: linear, YaRN and the magnitude", "scaled RoPE",
     rope_scaling},
    {"rope-factors", "RoPE without its factors", "RoPE factors", rope_factors},
    {"rope-width", "RoPE turns whole heads", "RoPE on a part of a head", rope_width},
    {"rope-sections", "RoPE turns the pairs that stand still on text", "RoPE in sections",
     rope_sections},
    {"rope-layers", "RoPE in layers that have none", "layers without RoPE beside others with it",
     rope_layers},
    {"window-rope", "layers with a window use the other layers' RoPE",
     "another RoPE in layers with a window", window_rope},
    {"key-rope", "keys are not rotated", "RoPE", key_rope},
    {"position", "every position off by one", "RoPE or learned positions", position},
    {"learned-positions", "learned positions off by one", "learned positions", learned_positions},
};

}  // namespace

std::span<const Mistake> rope_mistakes() { return kMistakes; }

}  // namespace crossval
