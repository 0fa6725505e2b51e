#include "graph/upstream_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "protocol/answers.h"

namespace crossval {
namespace {

/// Where architectures differ; null: the value has no name there.
struct OwnName {
  std::string_view architecture;
  Role role;
  const char* name;
};

constexpr OwnName kOwnNames[] = {
    {"llama", Role::attn_out, "attn_out"},
    {"mistral3", Role::attn_out, "attn_out"},
    {"smollm3", Role::attn_out, "attn_out"},
    {"gemma", Role::attn_residual, "sa_out"},
    {"gemma", Role::q_scaled, "Qcur_scaled"},
    {"gemma2", Role::attn_residual, "sa_out"},
    {"gemma3", Role::attn_residual, "sa_out"},
    {"phi3", Role::attn_residual, nullptr},
    {"phi3", Role::q_scaled, "Qcur"},
    {"stablelm", Role::q_norm, "Qcur"},
    {"stablelm", Role::k_norm, "Kcur"},
    {"granite", Role::attn_out, "attn_out"},
    {"granitemoe", Role::attn_out, "attn_out"},
    {"minicpm", Role::attn_out, "attn_out"},
    {"minicpm3", Role::q, "q"},
    {"minicpm3", Role::q_rope, "q_states"},
    {"minicpm3", Role::k_rope, "k_pe"},
    {"minicpm3", Role::attn_scaled, "hidden_scaled"},
    {"minicpm3", Role::ffn_scaled, "hidden_scaled_ffn"},
    {"nemotron", Role::ffn_out, nullptr},
    {"glm4", Role::attn_post_norm, "post_attn_norm"},
    {"glm4", Role::ffn_post_norm, "post_mlp_norm"},
    {"gpt-oss", Role::attn_out, "attn_out"},
    {"gpt-oss", Role::ffn_norm, "attn_post_norm"},
    {"ernie4_5-moe", Role::attn_out, "attn_out"},
    {"seed_oss", Role::attn_out, "attn_out"},
    {"seed_oss", Role::ffn_norm, "attn_post_norm"},
    {"bitnet", Role::attn_out, "attn_out"},
    {"bitnet", Role::ffn_out, "ffn_down"},
    {"bitnet-b1.58", Role::attn_out, "attn_o_out"},
    {"bitnet-b1.58", Role::ffn_out, "ffn_down"},
    {"bitnet-25", Role::attn_out, "attn_o_out"},
    {"bitnet-25", Role::ffn_out, "ffn_down"},
    {"arcee", Role::attn_out, "attn_out"},
    {"dbrx", Role::ffn_norm, "attn_out_norm"},
    {"exaone4", Role::attn_out, "attn_out"},
    {"exaone-moe", Role::attn_out, "attn_out"},
    {"glm4moe", Role::ffn_norm, "post_attn_norm"},
    {"hunyuan-dense", Role::attn_out, "attn_out"},
    {"hunyuan-dense", Role::q_norm, "Qcur_norm"},
    {"hunyuan-dense", Role::k_norm, "Kcur_norm"},
    {"hunyuan_vl", Role::attn_out, "attn_out"},
    {"hunyuan_vl", Role::q_norm, "Qcur_norm"},
    {"hunyuan_vl", Role::k_norm, "Kcur_norm"},
    {"hunyuan-moe", Role::attn_out, "attn_out"},
    {"hunyuan-moe", Role::q_norm, "Qcur_norm"},
    {"hunyuan-moe", Role::k_norm, "Kcur_norm"},
    {"hunyuan-moe", Role::k_rope, nullptr},
    {"hunyuan-moe", Role::shared_out, "ffn_mlp"},
    {"jais2", Role::q_rope, "Qcur_rope"},
    {"jais2", Role::k_rope, "Kcur_rope"},
    {"maincoder", Role::q_norm, "Qcur"},
    {"maincoder", Role::k_norm, "Kcur"},
    {"maincoder", Role::q_rope, nullptr},
    {"maincoder", Role::k_rope, nullptr},
    {"pangu-embedded", Role::ffn_out, nullptr},
    {"phimoe", Role::attn_residual, nullptr},
    {"phimoe", Role::q_scaled, "Qcur"},
    {"bailingmoe2", Role::attn_residual, "sa_out"},
    {"granite_swa", Role::attn_out, "attn_out"},
    {"afmoe", Role::embedding_scaled, "inp_embd_scaled"},
    {"afmoe", Role::attention, "attn_out"},
    {"afmoe", Role::attn_out, "attn_o_proj"},
    {"afmoe", Role::q_rope, "Qcur_rope"},
    {"afmoe", Role::k_rope, "Kcur_rope"},
    {"openelm", Role::q_norm, "Qcur"},
    {"openelm", Role::k_norm, "Kcur"},
    {"openelm", Role::q_rope, "Vcur"},
    {"spark2_5", Role::attention, "attn_out"},
    {"spark2_5", Role::attn_out, "attn_out_proj"},
    {"spark2_5", Role::attn_gate, nullptr},
    {"spark2_5", Role::attn_gated, nullptr},
    {"spark2_5", Role::q_rope, "Qcur_rope"},
    {"spark2_5", Role::k_rope, "Kcur_rope"},
    {"laguna", Role::attention, "attn_out"},
    {"laguna", Role::attn_out, "attn_o_proj"},
    {"laguna", Role::attn_gated, nullptr},
    {"laguna", Role::q_rope, "Qcur_rope"},
    {"laguna", Role::k_rope, "Kcur_rope"},
};

/// Norms of the feed-forward network's output whose name lacks the layer's number: of the result,
/// or of the plain norm in it.
struct Unnumbered {
  std::string_view architecture;
  bool result;
};
constexpr Unnumbered kUnnumbered[] = {
    {"gemma2", true}, {"gemma3", false}, {"olmo2", true}, {"exaone4", true}};

/// Names of values that one operation makes, and of norms.
const char* usual_name(Role role) {
  switch (role) {
    case Role::token_embedding:
      return "embd";
    case Role::embedding_scaled:
      return "inp_scaled";
    case Role::position_embedding:
      return "pos_embd";
    case Role::embedding_sum:
      return "inpL";
    case Role::embedding_norm:
      return "inp_norm";
    case Role::attn_norm:
      return "attn_norm";
    case Role::attn_norm_2:
      return "attn_norm_2";
    case Role::qkv_clamped:
      return "wqkv_clamped";
    case Role::q_clamped:
      return "Qcur_clamped";
    case Role::k_clamped:
      return "Kcur_clamped";
    case Role::v_clamped:
      return "Vcur_clamped";
    case Role::q_latent_norm:
      return "q";
    case Role::kv_latent_norm:
      return "kv_compressed";
    case Role::kv_values:
      return "v_states";
    case Role::k_joined:
      return "k_states";
    case Role::q_norm:
      return "Qcur_normed";
    case Role::k_norm:
      return "Kcur_normed";
    case Role::q_rope:
      return "Qcur";
    case Role::k_rope:
      return "Kcur";
    case Role::q_tempered:
      return "Qcur_attn_temp_scaled";
    case Role::attention:
      return "kqv_out";
    case Role::attn_gate:
      return "attn_gate_proj";
    case Role::attn_gated:
      return "attn_gated";
    case Role::attn_sub_norm:
      return "attn_sub_norm";
    case Role::attn_stand_in:
      return "wo";
    case Role::attn_post_norm:
      return "attn_post_norm";
    case Role::attn_residual:
      return "ffn_inp";
    case Role::ffn_norm:
      return "ffn_norm";
    case Role::ffn_divided:
      return "ffn_act";
    case Role::ffn_sub_norm:
      return "ffn_sub_norm";
    case Role::ffn_out:
      return "ffn_out";
    case Role::expert_probabilities:
      return "ffn_moe_probs";
    case Role::expert_choice:
      return "ffn_moe_weights";
    case Role::expert_weighted:
      return "ffn_moe_weighted";
    case Role::expert_sum:
      return "ffn_moe_out";
    case Role::shared_out:
      return "ffn_shexp";
    case Role::shared_gated:
      return "ffn_shexp_out";
    case Role::ffn_sum:
      return "ffn_out";
    case Role::ffn_post_norm:
      return "ffn_post_norm";
    case Role::layer_out:
      return "l_out";
    case Role::output_norm:
      return "result_norm";
    case Role::output_scaled:
      return "lmhead_scaling";
    case Role::logits:
      return "result_output";
    default:
      return nullptr;  // without a name, or a linear map or activation
  }
}

/// Names of a linear map: of the product (scaled, when the scale comes first), with its bias, and
/// scaled after that.
struct LinearNames {
  const char* product = nullptr;
  const char* sum = nullptr;
  const char* scaled = nullptr;
  const char* last = nullptr;  // with last_only: the last step has this name, and only a product
  bool last_only = false;      // before a bias one of its own
};

std::string activation_name(Activation kind, bool gated, bool expert) {
  const std::string prefix = expert ? "ffn_moe_" : "ffn_";
  switch (kind) {
    case Activation::silu:
      return prefix + (gated ? "swiglu" : "silu");
    case Activation::gelu:
      return prefix + (gated ? "geglu" : "gelu");
    case Activation::gelu_erf:
      return prefix + (gated ? "geglu_erf" : "gelu_erf");
    case Activation::gelu_quick:
      return prefix + (gated ? "geglu_quick" : "gelu_quick");
    case Activation::relu:
      return prefix + (gated ? "reglu" : "relu");
    case Activation::relu_squared:
      if (expert) return "ffn_moe_relu_sqr";
      return gated ? "ffn_gate_par" : "ffn_sqr(relu)";
    case Activation::clamped_silu:
      return prefix + "swiglu_oai";
  }
  return {};
}

const char* activation_op(Activation kind, bool gated, bool expert) {
  if (kind == Activation::relu_squared) return gated && !expert ? "MUL" : "SQR";
  return gated || kind == Activation::clamped_silu ? "GLU" : "UNARY";
}

/// Upstream's operation of all but activations.
struct UpstreamOp {
  const char* operator()(const EmbedTokens&) const { return "GET_ROWS"; }
  const char* operator()(const EmbedPositions&) const { return "GET_ROWS"; }
  const char* operator()(const Normalise& a) const {
    return a.kind == NormKind::rms ? "RMS_NORM" : "NORM";
  }
  const char* operator()(const Weigh&) const { return "MUL"; }
  const char* operator()(const AddBias&) const { return "ADD"; }
  const char* operator()(const Divide&) const { return "DIV"; }
  const char* operator()(const MatMul&) const { return "MUL_MAT"; }
  const char* operator()(const Scale&) const { return "SCALE"; }
  const char* operator()(const Clamp&) const { return "CLAMP"; }
  const char* operator()(const SoftCap&) const { return "SCALE"; }
  const char* operator()(const Add&) const { return "ADD"; }
  const char* operator()(const Columns& a) const { return a.heads == 1 ? "VIEW" : "CONT"; }
  const char* operator()(const JoinHeads&) const { return "CONCAT"; }
  const char* operator()(const Rotate&) const { return "ROPE"; }
  const char* operator()(const Temper&) const { return "MUL"; }
  const char* operator()(const Attend&) const { return "CONT"; }
  const char* operator()(const GateBy&) const { return "MUL"; }
  const char* operator()(const Activate&) const { return "GLU"; }
  const char* operator()(const RouteProbabilities& a) const {
    return a.gating == Gating::softmax ? "SOFT_MAX" : "UNARY";
  }
  const char* operator()(const ChooseExperts&) const { return "GET_ROWS"; }
  const char* operator()(const WeighChosen&) const { return "DIV"; }
  const char* operator()(const ExpertMatMul&) const { return "MUL_MAT_ID"; }
  const char* operator()(const ExpertScale&) const { return "MUL"; }
  const char* operator()(const ExpertBias&) const { return "ADD_ID"; }
  const char* operator()(const WeighExperts&) const { return "MUL"; }
  const char* operator()(const SumExperts&) const { return "ADD"; }
  const char* operator()(const Poison&) const { return ""; }  // no operation of upstream's
  const char* operator()(const Roll&) const { return ""; }
};

/// The model's tensor that an operation reads.
struct WeightOf {
  std::string_view operator()(const EmbedTokens& a) const { return a.table.name; }
  std::string_view operator()(const EmbedPositions& a) const { return a.table.name; }
  std::string_view operator()(const Weigh& a) const { return a.by.name; }
  std::string_view operator()(const AddBias& a) const { return a.bias.name; }
  std::string_view operator()(const Divide& a) const { return a.by.name; }
  std::string_view operator()(const MatMul& a) const { return a.matrix.name; }
  std::string_view operator()(const Rotate& a) const { return a.factors.name; }
  std::string_view operator()(const ExpertMatMul& a) const { return a.experts.matrix.name; }
  std::string_view operator()(const ExpertScale& a) const { return a.by.name; }
  std::string_view operator()(const ExpertBias& a) const { return a.bias.name; }
  template <class Other>
  std::string_view operator()(const Other&) const {
    return {};
  }
};

bool scales(const Op& op) {
  return std::holds_alternative<Weigh>(op.action) || std::holds_alternative<ExpertScale>(op.action);
}
bool adds_bias(const Op& op) {
  return std::holds_alternative<AddBias>(op.action) ||
         std::holds_alternative<ExpertBias>(op.action);
}

bool is_planted(const Op& op) {
  return std::holds_alternative<Poison>(op.action) || std::holds_alternative<Roll>(op.action);
}
class Names {
 public:
  Names(const Graph& graph, const Model& model)
      : graph_(graph),
        arch_(model.architecture),
        gating_(model.hparams.gating),
        shown_as_(graph.widths.size()) {}

  std::vector<OpNames> all() {
    std::vector<OpNames> names(graph_.ops.size());
    for (size_t i = 0; i < names.size(); ++i) {
      const Op& op = graph_.ops[i];
      const Named named = name_of(i);
      NodeName& result = names[i].result;
      result = {named.name, named.op, 0, number_of(i), {}, {}};
      if (const auto* attend = std::get_if<Attend>(&op.action)) {
        const auto layer = static_cast<int32_t>(op.layer);
        names[i].scores = finish(
            {"kq", "MUL_MAT", 0, layer, {shown_as(op.inputs[1]), shown_as(op.inputs[0])}, {}});
        names[i].probabilities = finish({"kq_soft_max",
                                         "SOFT_MAX",
                                         0,
                                         layer,
                                         {reference(names[i].scores)},
                                         std::string(attend->sinks.name)});
        result.inputs = {shown_as(op.inputs[2]), reference(names[i].probabilities)};
      } else if (const auto* choose = std::get_if<ChooseExperts>(&op.action)) {
        const auto layer = static_cast<int32_t>(op.layer);
        const std::string by = choose->selection_bias.present()
                                   ? fmt::format("ffn_moe_probs_biased-{} ADD", layer)
                                   : shown_as(op.inputs[0]);
        names[i].ranking = finish({"ffn_moe_argsort", "ARGSORT", 0, layer, {by}, {}});
        result.inputs = inputs_of(op);
      } else {
        result.inputs = inputs_of(graph_.ops[is_planted(op) ? i - 1 : i]);
      }
      result.weight = std::visit(WeightOf{}, op.action);
      result = finish(std::move(result));
      std::string& shown = shown_as_[static_cast<size_t>(op.output)];
      // A value without a name is known by what it was made of.
      if (!result.name.empty()) {
        shown = reference(result);
      } else if (!op.inputs.empty()) {
        shown = shown_as(op.inputs.front());
      }
    }
    return names;
  }

 private:
  struct Named {
    std::string name;  // empty: none
    const char* op;
  };

  /// In upstream's order.
  std::vector<std::string> inputs_of(const Op& op) const {
    std::vector<std::string> inputs;
    for (const ValueId input : op.inputs)
      if (!shown_as(input).empty()) inputs.push_back(shown_as(input));
    if (std::holds_alternative<Add>(op.action)) std::ranges::reverse(inputs);  // residual last
    if (std::holds_alternative<Rotate>(op.action)) inputs.emplace_back("inp_pos");
    if (reads_choice(op.action)) inputs.back() = fmt::format("ffn_moe_topk-{} VIEW", op.layer);
    return inputs;
  }

  const char* name_of_role(Role role) const {
    for (const OwnName& own : kOwnNames)
      if (own.architecture == arch_.name && own.role == role) return own.name;
    if (role == Role::embedding_scaled && arch_.embedding_scale == EmbeddingScale::metadata)
      return "embd";
    return usual_name(role);
  }

  /// The next operation of the same role, or null.
  const Op* next(size_t i) const {
    const Op& op = graph_.ops[i];
    if (i + 1 == graph_.ops.size()) return nullptr;
    const Op& other = graph_.ops[i + 1];
    return other.role == op.role && other.layer == op.layer ? &other : nullptr;
  }

  Named name_of(size_t i) const {
    const Op& op = graph_.ops[i];
    const char* upstream_op = std::visit(
        UpstreamOp{}, graph_.ops[is_planted(op) ? i - 1 : i].action);  // as what it spoils
    if (std::holds_alternative<Activate>(op.action)) {
      const bool gated = op.inputs.size() == 2;
      const bool expert = op.role == Role::expert_act;
      return {activation_name(arch_.activation, gated, expert),
              activation_op(arch_.activation, gated, expert)};
    }
    const char* name = nullptr;
    if (const std::optional<LinearNames> linear = linear_names(op.role)) {
      name = name_of_step(i, *linear);
    } else if (next(i) == nullptr) {
      name = name_of_role(op.role);
      if (op.role == Role::token_embedding && arch_.embedding_scale == EmbeddingScale::metadata &&
          graph_.ops[i + 1].role == Role::embedding_scaled)
        name = nullptr;
    } else if (std::holds_alternative<Normalise>(op.action)) {
      name = "norm";
    } else if (std::holds_alternative<Weigh>(op.action)) {
      name = "norm_w";
    }
    return {name == nullptr ? "" : name, upstream_op};
  }

  std::optional<LinearNames> linear_names(Role role) const {
    // Where the norm spans all heads, upstream names the result only.
    const auto projection = [&](const char* name) {
      return arch_.qk_norm == QkNorm::whole ? LinearNames{.last = name, .last_only = true}
                                            : LinearNames{name, name};
    };
    switch (role) {
      case Role::qkv:
        return LinearNames{"wqkv", "wqkv_b"};
      case Role::q_latent:
        return LinearNames{"q"};
      case Role::kv_latent:
        return LinearNames{"kv_pe_compresseed"};  // sic
      case Role::kv:
        return LinearNames{"kv"};
      case Role::q:
        return projection(name_of_role(role) == nullptr ? "Qcur" : name_of_role(role));
      case Role::k:
        return projection("Kcur");
      case Role::v:
        return projection("Vcur");
      case Role::attn_out:
        return LinearNames{.last = name_of_role(role), .last_only = true};
      case Role::attn_gate:
      case Role::attn_stand_in:
      case Role::shared_out:
        return LinearNames{name_of_role(role)};
      case Role::ffn_gate:
        return LinearNames{"ffn_gate", "ffn_gate_b", "ffn_gate_s"};
      case Role::ffn_up:
        return LinearNames{"ffn_up", "ffn_up_b", "ffn_up_s"};
      case Role::ffn_out:
        return LinearNames{.product = "ffn_down", .last = name_of_role(role), .last_only = true};
      case Role::router:
        return LinearNames{"ffn_moe_logits", gating_ == Gating::softmax_of_selected
                                                 ? "ffn_moe_probs"  // they are the weights, too
                                                 : "ffn_moe_logits_biased"};
      case Role::expert_gate:
        return LinearNames{"ffn_moe_gate", "ffn_moe_gate_biased", "ffn_moe_gate_scaled"};
      case Role::expert_up:
        return LinearNames{"ffn_moe_up", "ffn_moe_up_biased", "ffn_moe_up_scaled"};
      case Role::expert_down:
        return LinearNames{"ffn_moe_down", "ffn_moe_down_biased", "ffn_moe_down_scaled"};
      case Role::shared_gate:
        return LinearNames{"ffn_gate"};
      case Role::shared_up:
        return LinearNames{"ffn_up"};
      case Role::shared_router:
        return LinearNames{"ffn_shexp_gate_inp"};
      default:
        return std::nullopt;
    }
  }

  const char* name_of_step(size_t i, const LinearNames& names) const {
    const Op& op = graph_.ops[i];
    const Op* after = next(i);
    if (names.last_only) {
      if (after == nullptr) return names.last;
      return adds_bias(*after) ? names.product : nullptr;
    }
    if (adds_bias(op)) return names.sum;
    if (scales(op)) return names.scaled == nullptr ? names.product : names.scaled;
    // A product that is scaled at once is named behind it, but in dense feed-forward networks.
    const bool dense = op.role == Role::ffn_gate || op.role == Role::ffn_up;
    return after != nullptr && scales(*after) && !dense ? nullptr : names.product;
  }

  int32_t number_of(size_t i) const {
    const Op& op = graph_.ops[i];
    if (op.role == Role::embedding_norm) return 0;
    if (op.role == Role::ffn_post_norm) {
      for (const Unnumbered& u : kUnnumbered)
        if (u.architecture == arch_.name && (u.result || next(i) != nullptr)) return -1;
    }
    return static_cast<int32_t>(op.layer);
  }

  /// With the layer's number and how often it came before.
  NodeName finish(NodeName node) {
    if (node.name.empty()) return node;
    if (node.layer >= 0) node.name += fmt::format("-{}", node.layer);
    node.occurrence = seen_[{node.name, node.op}]++;
    return node;
  }

  static std::string reference(const NodeName& node) {
    return label_of(node.name, node.op, node.occurrence);
  }
  const std::string& shown_as(ValueId value) const { return shown_as_[static_cast<size_t>(value)]; }

  const Graph& graph_;
  const Architecture& arch_;
  Gating gating_;
  std::vector<std::string> shown_as_;  // of each value
  std::map<std::pair<std::string, std::string>, int32_t> seen_;
};

}  // namespace

std::vector<OpNames> upstream_names(const Graph& graph, const Model& model) {
  return Names(graph, model).all();
}

}  // namespace crossval
