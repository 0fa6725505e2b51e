#include <cmath>

#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

/// choose(query head, its key/value head) is what each reads.
template <class Choose>
bool choose_heads(Graph& graph, const Scope& scope, const Choose& choose) {
  return change_each<Attend>(graph, scope, [&](Attend& attend) {
    const std::vector<int64_t> before = attend.kv_head;
    for (size_t head = 0; head < before.size(); ++head)
      attend.kv_head[head] = choose(attend, static_cast<int64_t>(head), before[head]);
    return attend.kv_head != before;
  });
}
bool gqa_map(Graph& graph, const Scope& scope) {
  return choose_heads(graph, scope, [](const Attend& attend, int64_t head, int64_t) {
    return head % attend.n_head_kv;
  });
}
bool gqa_first(Graph& graph, const Scope& scope) {
  return choose_heads(graph, scope, [](const Attend&, int64_t, int64_t) { return int64_t{0}; });
}
bool gqa_next(Graph& graph, const Scope& scope) {
  return choose_heads(graph, scope, [](const Attend& attend, int64_t, int64_t right) {
    return (right + 1) % attend.n_head_kv;
  });
}
bool layer_heads(Graph& graph, const Scope& scope) {
  int64_t group = 0;  // of the first layer that attends
  for (const Op& op : graph.ops) {
    const auto* attend = std::get_if<Attend>(&op.action);
    if (attend != nullptr && group == 0) group = attend->n_head / attend->n_head_kv;
  }
  return choose_heads(graph, scope, [&](const Attend& attend, int64_t head, int64_t) {
    return head / group % attend.n_head_kv;
  });
}

bool mask(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set<int64_t>(attend.own_key, 0); });
}
bool mask_ahead(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set<int64_t>(attend.own_key, 2); });
}

bool window(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set<int64_t>(attend.window, 0); });
}
bool window_wider(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope, [](Attend& attend) {
    return attend.window > 0 && set(attend.window, attend.window + 1);
  });
}
bool window_narrower(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope, [](Attend& attend) {
    return attend.window > 1 && set(attend.window, attend.window - 1);
  });
}
bool window_layers(Graph& graph, const Scope& scope) {
  int64_t size = 0;
  bool others = false;
  for (const Op& op : graph.ops) {
    const auto* attend = std::get_if<Attend>(&op.action);
    if (attend == nullptr) continue;
    size = std::max(size, attend->window);
    others |= attend->window == 0;
  }
  if (size == 0 || !others) return false;
  return change_each<Attend>(graph, scope, [&](Attend& attend) {
    return set<int64_t>(attend.window, attend.window > 0 ? 0 : size);
  });
}

/// bend(scale, attend) on the one factor of scores that each attention has: of its queries, or
/// inside.
template <class Bend>
bool bend_score_scale(Graph& graph, const Scope& scope, const Bend& bend) {
  bool changed = false;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    auto* attend = std::get_if<Attend>(&graph.ops[i].action);
    if (attend == nullptr || !concerns_layer(scope, graph.ops[i].layer)) continue;
    const size_t of_query = last_of(graph, Role::q_scaled, graph.ops[i].layer);
    auto* query =
        of_query < graph.ops.size() ? std::get_if<Scale>(&graph.ops[of_query].action) : nullptr;
    const Op& bent = query == nullptr ? graph.ops[i] : graph.ops[of_query];
    if (!concerns(scope, bent)) continue;
    float& scale = query == nullptr ? attend->scale : query->by;
    changed |= set(scale, bend(scale, *attend));
  }
  return changed;
}
bool score_scale(Graph& graph, const Scope& scope) {
  return bend_score_scale(graph, scope, [](float, const Attend& attend) {
    return 1.0F / std::sqrt(static_cast<float>(attend.head_dim_k));
  });
}
bool no_score_scale(Graph& graph, const Scope& scope) {
  return bend_score_scale(graph, scope, [](float, const Attend&) { return 1.0F; });
}
bool score_scale_twice(Graph& graph, const Scope& scope) {
  return bend_score_scale(graph, scope, [](float scale, const Attend&) { return scale * scale; });
}

bool latent_split(Graph& graph, const Scope& scope) {
  bool changed = false;
  for (Op& op : graph.ops) {
    auto* columns = std::get_if<Columns>(&op.action);
    if (columns == nullptr || columns->heads == 1 || !concerns(scope, op)) continue;
    *columns = {columns->first * columns->heads};
    changed = true;
  }
  return changed;
}

bool soft_cap(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set(attend.soft_cap, 0.0F); });
}
bool sink(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope, [](Attend& attend) {
    const bool had = attend.sinks.present();
    attend.sinks = {};
    return had;
  });
}
bool alibi(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope, [](Attend& attend) {
    return set(attend.alibi_bias, attend.alibi_bias * 2.0F);
  });
}
bool query_temperature(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::q_tempered});
}
bool clamp(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope,
                   {Role::qkv_clamped, Role::q_clamped, Role::k_clamped, Role::v_clamped});
}
bool attn_gate(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::attn_gated});
}

constexpr Mistake kMistakes[] = {
    {"gqa-map", "query heads read the key/value heads in turn",
     "query heads that share key/value heads", gqa_map},
    {"gqa-first", "every query head reads the first key/value head", "several key/value heads",
     gqa_first},
    {"gqa-next", "every query head reads the key/value head after its own",
     "several key/value heads", gqa_next},
    {"layer-heads", "every layer groups its query heads as the first does",
     "layers whose heads are grouped in another way", layer_heads},
    {"mask", "the causal mask off by one: a query does not see its own key", "attention", mask},
    {"mask-ahead", "the causal mask off by one: a query sees the next key", "attention",
     mask_ahead},
    {"window", "layers with a sliding window see everything before them", "sliding windows",
     window},
    {"window-wider", "windows one key wider", "sliding windows", window_wider},
    {"window-narrower", "windows one key narrower", "sliding windows", window_narrower},
    {"window-layers", "windows in the layers that have none, and none in the others",
     "layers with a window beside others", window_layers},
    {"score-scale", "scores scaled by 1/sqrt(head width) where the model has its own",
     "another scale of scores than 1/sqrt(head width)", score_scale},
    {"no-score-scale", "scores without their scale", "scaled scores", no_score_scale},
    {"score-scale-twice", "scores scaled twice: the query and the score", "scaled scores",
     score_scale_twice},
    {"latent-split", "keys of all heads before values of all heads, where they lie head by head",
     "latent attention", latent_split},
    {"soft-cap", "scores without their soft cap", "scores with a soft cap", soft_cap},
    {"sink", "the attention's sinks ignored", "attention sinks", sink},
    {"alibi", "ALiBi twice as steep", "ALiBi", alibi},
    {"query-temperature", "queries not scaled by their position",
     "queries scaled by their position", query_temperature},
    {"clamp", "queries, keys and values not clamped", "clamped queries, keys and values", clamp},
    {"attn-gate", "the attention's output without its gate", "a gate on the attention's output",
     attn_gate},
};

}  // namespace

std::span<const Mistake> attention_mistakes() { return kMistakes; }

}  // namespace crossval
