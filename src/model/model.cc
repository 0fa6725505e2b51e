#include "model/model.h"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "model/tensor_reader.h"

namespace crossval {
namespace {

void read_attention(TensorReader& in, const Architecture& a, const Hparams& h,
                    const std::string& blk, Layer& l) {
  if (a.attn_norm != nullptr) l.attn_norm = in.norm(blk + a.attn_norm, h.n_embd);
  if (a.second_attn_norm)
    l.attn_norm_2 = in.norm(blk + "attn_norm_2", h.n_embd, Presence::optional);
  l.qkv = in.linear(blk + "attn_qkv", h.q_width() + h.k_width() + h.v_width(), h.n_embd, a.qkv_bias,
                    Presence::optional);
  if (!l.qkv.present()) {
    l.wq = in.linear(blk + "attn_q", h.q_width(), h.n_embd, a.qkv_bias);
    l.wk = in.linear(blk + "attn_k", h.k_width(), h.n_embd, a.qkv_bias);
    l.wv = in.linear(blk + "attn_v", h.v_width(), h.n_embd, a.qkv_bias);
  }
  if (a.qk_norm != QkNorm::none && h.n_layer >= a.qk_norm_from_layers) {
    const bool shared = a.qk_norm == QkNorm::shared;
    l.q_norm =
        in.norm(blk + "attn_q_norm", shared ? h.head_dim_k : h.q_width(), a.qk_norm_presence);
    l.k_norm =
        in.norm(blk + "attn_k_norm", shared ? h.head_dim_k : h.k_width(), a.qk_norm_presence);
    if (a.qk_norm == QkNorm::whole && !l.q_norm.on) l.k_norm = {};  // both or none
  }
  const int64_t pairs = h.rope.n_rot / 2;
  l.rope_factors = in.vector("rope_freqs.weight", pairs, a.rope_factors);
  l.rope_long = in.vector("rope_factors_long.weight", pairs, a.rope_factors);
  l.rope_short = in.vector("rope_factors_short.weight", pairs, a.rope_factors);
  if (a.sinks) l.sinks = in.vector(blk + "attn_sinks.weight", h.n_head);
  const int64_t heads = h.n_head * h.head_dim_v;
  if (a.attn_gate != AttnGate::none) {
    const std::string name = blk + "attn_gate";
    l.attn_gate = in.linear(name, in.rows_of(name) == h.n_head ? h.n_head : heads, h.n_embd,
                            Presence::absent);
    l.attn_gate.scale = {};
  }
  if (a.attn_sub_norm) l.attn_sub_norm = in.norm(blk + "attn_sub_norm", heads);
  l.wo = in.linear(blk + "attn_output", h.n_embd, heads, a.attn_out_bias);
  if (a.attn_post_norm != nullptr) l.attn_post_norm = in.norm(blk + a.attn_post_norm, h.n_embd);
}

void read_experts(TensorReader& in, const Architecture& a, const Hparams& h, const std::string& blk,
                  Layer& l) {
  const Experts& e = a.experts;
  const Presence biases = e.biases ? Presence::required : Presence::absent;
  l.router = in.linear(blk + "ffn_gate_inp", h.n_expert, h.n_embd, biases);
  l.selection_bias = in.vector(blk + "exp_probs_b.bias", h.n_expert, e.selection_bias);
  l.expert_gate = in.experts(blk + "ffn_gate_exps", h.n_ff_expert, h.n_embd, e.biases,
                             a.gate == Gate::none ? Presence::absent : Presence::required);
  l.expert_up = in.experts(blk + "ffn_up_exps", h.n_ff_expert, h.n_embd, e.biases);
  l.expert_down = in.experts(blk + "ffn_down_exps", h.n_embd, h.n_ff_expert, e.biases);
  for (ExpertLinear* linear : {&l.expert_gate, &l.expert_up, &l.expert_down})
    if (!e.scales) linear->scale = {};
  if (h.n_ff_shared == 0) return;
  const Presence none = Presence::absent;
  if (e.shared_gate) l.shared_router = in.linear(blk + "ffn_gate_inp_shexp", 1, h.n_embd, none);
  l.shared_gate = in.linear(blk + "ffn_gate_shexp", h.n_ff_shared, h.n_embd, none,
                            a.gate == Gate::none ? Presence::absent : Presence::required);
  l.shared_up = in.linear(blk + "ffn_up_shexp", h.n_ff_shared, h.n_embd, none);
  l.shared_down = in.linear(blk + "ffn_down_shexp", h.n_embd, h.n_ff_shared, none);
  for (Linear* linear : {&l.shared_gate, &l.shared_up, &l.shared_down}) linear->scale = {};
}

void read_feed_forward(TensorReader& in, const Architecture& a, const Hparams& h,
                       const std::string& blk, Layer& l) {
  switch (a.gate) {
    case Gate::none:
    case Gate::fused:
      break;
    case Gate::separate:
      l.gate = in.linear(blk + "ffn_gate", h.n_ff, h.n_embd, a.ffn_biases);
      break;
    case Gate::optional:
      l.gate = in.linear(blk + "ffn_gate", h.n_ff, h.n_embd, a.ffn_biases, Presence::optional);
      break;
  }
  const bool doubled = a.gate == Gate::fused;
  l.up = in.linear(blk + "ffn_up", doubled ? 2 * h.n_ff : h.n_ff, h.n_embd, a.ffn_biases);
  if (a.activation_divisor)
    l.activation_divisor = in.vector(blk + "ffn.act.scales", h.n_ff, Presence::optional);
  if (a.ffn_sub_norm) l.ffn_sub_norm = in.norm(blk + "ffn_sub_norm", h.n_ff);
  l.down = in.linear(blk + "ffn_down", h.n_embd, h.n_ff, a.ffn_biases);
  for (Linear* linear : {&l.gate, &l.up, &l.down}) {
    linear->scales_bias = true;
    if (!a.ffn_scales) linear->scale = {};
  }
}

Layer read_layer(TensorReader& in, const Architecture& a, const Hparams& h, int64_t il) {
  const std::string blk = fmt::format("blk.{}.", il);
  Layer l;
  read_attention(in, a, h, blk, l);
  if (a.ffn_norm != nullptr) {
    l.ffn_norm = in.norm(blk + a.ffn_norm, h.n_embd,
                         a.ffn_norm_optional ? Presence::optional : Presence::required);
  }
  if (h.layers[static_cast<size_t>(il)].experts) {
    read_experts(in, a, h, blk, l);
  } else {
    read_feed_forward(in, a, h, blk, l);
  }
  if (a.ffn_post_norm != nullptr) l.ffn_post_norm = in.norm(blk + a.ffn_post_norm, h.n_embd);
  return l;
}

}  // namespace

std::vector<TensorProblem> read_weights(Model& model, std::optional<I2sLayout> i2s_layout) {
  model.i2s = read_i2s_layout(model.file, i2s_layout);
  TensorReader in(model);
  const Architecture& a = *model.architecture;
  const Hparams& h = model.hparams;
  Weights& w = model.weights;
  w.token_embd = in.matrix("token_embd.weight", h.n_vocab, h.n_embd);
  if (a.embedding_norm) w.embedding_norm = in.norm("token_embd_norm", h.n_embd);
  w.position_embd = in.matrix("position_embd.weight", h.n_ctx_train, h.n_embd, a.learned_positions);
  w.output_norm = in.norm("output_norm", h.n_embd);
  w.output = in.linear("output", h.n_vocab, h.n_embd, a.output_bias, a.output);
  if (!w.output.present()) w.output.matrix = w.token_embd;
  for (int64_t il = 0; il < h.n_layer; ++il) w.layers.push_back(read_layer(in, a, h, il));
  in.refuse_unused();
  return in.take_problems();
}

Result<std::unique_ptr<Model>> open_model(const std::string& path) {
  auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto name = file->get_string("general.architecture");
  if (!name) return tl::unexpected(name.error());
  const auto architecture = find_architecture(*name);
  if (!architecture) {
    Error error = architecture.error();
    error.where = path;
    return tl::unexpected(error);
  }
  auto hparams = read_hparams(*file, **architecture);
  if (!hparams) return tl::unexpected(hparams.error());
  auto model = std::make_unique<Model>(
      Model{std::move(*file), *architecture, std::move(*hparams), {}, {}, {}});
  const GgufTensor* embedding = model->file.find_tensor("token_embd.weight");
  model->hparams.n_vocab = embedding == nullptr ? 0 : embedding->ne[1];
  return model;
}

Result<std::unique_ptr<Model>> load_model(const std::string& path,
                                          std::optional<I2sLayout> i2s_layout) {
  auto model = open_model(path);
  if (!model) return model;
  const std::vector<TensorProblem> problems = read_weights(**model, i2s_layout);
  if (problems.empty()) return model;
  const TensorProblem& first = problems.front();
  return fail(ExitCode::bad_input_file, first.what, path + ", tensor " + first.tensor, first.hint);
}

std::string Model::describe() const {
  int64_t parameters = 0;
  std::map<std::string_view, int64_t> values_by_type;
  for (const GgufTensor& tensor : file.tensors()) {
    parameters += tensor.elements();
    if (const WeightFormat* format = find_weight_format(tensor.type_id))
      values_by_type[format->name] += tensor.elements();
  }
  std::string_view main_type = "?";
  int64_t most = 0;
  for (const auto& [type, values] : values_by_type) {
    if (values > most) std::tie(main_type, most) = std::pair(type, values);
  }
  return fmt::format("{}, {} layers, {}M parameters, {}", hparams.architecture, hparams.n_layer,
                     (parameters + 500'000) / 1'000'000, main_type);
}

}  // namespace crossval
