// The usual ways to edit all operations in a mistake's scope.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "graph/edit.h"
#include "graph/mistakes.h"

namespace crossval {

inline bool concerns(const Scope& scope, const Op& op) {
  return (!scope.layer || op.layer == *scope.layer) && (!scope.role || op.role == *scope.role);
}

/// In one layer, whatever the operation's role.
inline bool concerns_layer(const Scope& scope, int64_t layer) {
  return !scope.layer || layer == *scope.layer;
}

inline bool is_one_of(Role role, std::initializer_list<Role> roles) {
  return std::ranges::find(roles, role) != roles.end();
}

inline bool is_norm(Role role) {
  using enum Role;
  return is_one_of(
      role, {embedding_norm, attn_norm, attn_norm_2, q_latent_norm, kv_latent_norm, q_norm, k_norm,
             attn_sub_norm, attn_post_norm, ffn_norm, ffn_sub_norm, ffn_post_norm, output_norm});
}

/// A scope that says nothing of the layer means this one; the same of roles.
inline Scope or_layer(Scope scope, int64_t layer) {
  if (!scope.layer) scope.layer = layer;
  return scope;
}
inline Scope or_role(Scope scope, Role role) {
  if (!scope.role) scope.role = role;
  return scope;
}

/// Whether the number was another one.
template <class T>
bool set(T& number, T value) {
  return std::exchange(number, value) != value;
}

/// change(action) for each operation of the kind T in scope; whether any said that it changed.
template <class T, class Change>
bool change_each(Graph& graph, const Scope& scope, const Change& change) {
  bool changed = false;
  for (Op& op : graph.ops) {
    T* action = std::get_if<T>(&op.action);
    if (action != nullptr && concerns(scope, op)) changed |= change(*action);
  }
  return changed;
}

/// Takes the operations in scope out of which leave(op) says so; whether there were any.
template <class Leave>
bool leave_out_if(Graph& graph, const Scope& scope, const Leave& leave) {
  bool found = false;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    if (!concerns(scope, graph.ops[i]) || !leave(graph.ops[i])) continue;
    bypass(graph, i);
    found = true;
  }
  return found;
}

/// Those of the roles.
inline bool leave_out(Graph& graph, const Scope& scope, std::initializer_list<Role> roles) {
  return leave_out_if(graph, scope, [&](const Op& op) { return is_one_of(op.role, roles); });
}

/// Of the roles those that are of the kind T.
template <class T>
bool leave_out_kind(Graph& graph, const Scope& scope, std::initializer_list<Role> roles) {
  return leave_out_if(graph, scope, [&](const Op& op) {
    return std::holds_alternative<T>(op.action) && is_one_of(op.role, roles);
  });
}

}  // namespace crossval
