#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

bool is_float(ActivationType type) {
  return type == ActivationType::f32 || type == ActivationType::f16 || type == ActivationType::bf16;
}

template <CachedAs As>
bool cached_as(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set(attend.cached_as, As); });
}
template <ChunkBorder Border>
bool at_border(Graph& graph, const Scope& scope) {
  return change_each<Attend>(graph, scope,
                             [](Attend& attend) { return set(attend.border, Border); });
}

bool activations_as_floats(Graph& graph, const Scope& scope) {
  return change_each<MatMul>(graph, scope, [](MatMul& product) {
    return !is_float(product.matrix.format->activation) &&
           set(product.activations, RoundedActivations::floats);
  });
}
bool activations_in_codes(Graph& graph, const Scope& scope) {
  return change_each<MatMul>(graph, scope, [](MatMul& product) {
    return is_float(product.matrix.format->activation) &&
           set(product.activations, RoundedActivations::blocks);
  });
}
/// Blocks where a whole row shares a scale.
bool activation_groups(Graph& graph, const Scope& scope) {
  return change_each<MatMul>(graph, scope, [](MatMul& product) {
    const ActivationType declared = product.matrix.format->activation;
    const auto other =
        declared == ActivationType::i8_s ? RoundedActivations::blocks : RoundedActivations::rows;
    return !is_float(declared) && set(product.activations, other);
  });
}

constexpr Mistake kMistakes[] = {
    {"kv-floats", "keys and values not rounded where the cache rounds them", "attention",
     cached_as<CachedAs::floats>, true},
    {"kv-f16", "keys and values rounded to F16 where the cache is in F32", "attention",
     cached_as<CachedAs::f16>, true},
    {"kv-bf16", "keys and values rounded to BF16", "attention", cached_as<CachedAs::bf16>, true},
    {"kv-codes", "keys and values rounded to the 8-bit codes of Q8_0", "attention",
     cached_as<CachedAs::codes>, true},
    {"activation-floats", "activations not rounded to 8-bit codes before quantised weights",
     "quantised weights", activations_as_floats, true},
    {"activation-codes", "activations rounded to 8-bit codes before weights that are floats",
     "a matrix in F32, F16 or BF16", activations_in_codes, true},
    {"activation-groups",
     "8-bit codes of activations with a scale for a whole row in the place of blocks, and the "
     "reverse",
     "quantised weights", activation_groups, true},
    {"chunk-mask", "the last position before a chunk of the prompt is not seen from it",
     "attention", at_border<ChunkBorder::hidden>},
    {"chunk-index",
     "the first key and value of a chunk stored over the last ones of the chunk before",
     "attention", at_border<ChunkBorder::overwritten>},
};

}  // namespace

std::span<const Mistake> rounding_mistakes() { return kMistakes; }

}  // namespace crossval
