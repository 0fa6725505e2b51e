#include "model/model.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <tuple>
#include <vector>

namespace crossval {
namespace {

constexpr std::string_view kSupported[] = {"llama"};

std::string shape(const GgufTensor& tensor) {
  std::string text;
  for (int d = 0; d < tensor.dims; ++d) text += (d ? " x " : "") + std::to_string(tensor.ne[d]);
  return text;
}

/// Looks tensors up by name with the shape they must have; remembers the first error, so that a
/// list of look-ups reads as a list.
class TensorReader {
 public:
  explicit TensorReader(Model& model) : model_(model) {}

  Matrix matrix(const std::string& name, int64_t rows, int64_t cols) {
    const GgufTensor* tensor = find(name, true);
    return tensor == nullptr ? Matrix{} : checked_matrix(*tensor, rows, cols);
  }
  Matrix optional_matrix(const std::string& name, int64_t rows, int64_t cols) {
    const GgufTensor* tensor = find(name, false);
    return tensor == nullptr ? Matrix{} : checked_matrix(*tensor, rows, cols);
  }
  Vector vector(const std::string& name, int64_t size) {
    const GgufTensor* tensor = find(name, true);
    return tensor == nullptr ? Vector{} : checked_vector(*tensor, size);
  }
  Vector optional_vector(const std::string& name, int64_t size) {
    const GgufTensor* tensor = find(name, false);
    return tensor == nullptr ? Vector{} : checked_vector(*tensor, size);
  }
  const Error* error() const { return failed_ ? &error_ : nullptr; }

 private:
  const GgufTensor* find(const std::string& name, bool required) {
    const GgufTensor* tensor = model_.file.find_tensor(name);
    if (tensor == nullptr && required) {
      refuse(
          name, "a tensor that the architecture needs is missing",
          "Is the file complete, and made for architecture " + model_.hparams.architecture + "?");
    }
    return tensor;
  }

  Matrix checked_matrix(const GgufTensor& tensor, int64_t rows, int64_t cols) {
    const WeightFormat* format = find_weight_format(tensor.type_id);
    if (format == nullptr) {
      std::string known;
      for (const WeightFormat& f : weight_formats())
        known += (known.empty() ? "" : ", ") + std::string(f.name);
      refuse(tensor.name, fmt::format("weight type {} is not supported", tensor.type_id),
             "Supported: " + known + ".");
      return {};
    }
    if (tensor.ne[0] != cols || tensor.ne[1] != rows || tensor.ne[2] != 1 || tensor.ne[3] != 1) {
      refuse(tensor.name,
             fmt::format("the tensor is {}, expected {} x {}", shape(tensor), cols, rows));
      return {};
    }
    return {format, tensor.data.data(), rows, cols};
  }

  Vector checked_vector(const GgufTensor& tensor, int64_t size) {
    if (tensor.type_id != static_cast<uint32_t>(WeightType::f32)) {
      refuse(tensor.name, fmt::format("type {} where F32 is needed", tensor.type_id));
      return {};
    }
    if (tensor.ne[0] != size || tensor.elements() != size) {
      refuse(tensor.name, fmt::format("the tensor is {}, expected {}", shape(tensor), size));
      return {};
    }
    const std::byte* data = tensor.data.data();
    if (reinterpret_cast<uintptr_t>(data) % alignof(float) != 0) {
      model_.overlay.push_back(
          std::make_unique<std::vector<std::byte>>(tensor.data.begin(), tensor.data.end()));
      data = model_.overlay.back()->data();
    }
    return {reinterpret_cast<const float*>(data), size};
  }

  void refuse(std::string_view name, std::string what, std::string hint = {}) {
    if (!failed_) {
      error_ = Error{ExitCode::bad_input_file, std::move(what),
                     fmt::format("{}, tensor {}", model_.file.path(), name), std::move(hint)};
    }
    failed_ = true;
  }

  Model& model_;
  Error error_;
  bool failed_ = false;
};

Layer read_layer(TensorReader& in, const Hparams& h, int64_t il) {
  const auto name = [&](const char* part) { return fmt::format("blk.{}.{}", il, part); };
  Layer l;
  l.attn_norm = in.vector(name("attn_norm.weight"), h.n_embd);
  l.wq = in.matrix(name("attn_q.weight"), h.q_width(), h.n_embd);
  l.wk = in.matrix(name("attn_k.weight"), h.k_width(), h.n_embd);
  l.wv = in.matrix(name("attn_v.weight"), h.v_width(), h.n_embd);
  l.bq = in.optional_vector(name("attn_q.bias"), h.q_width());
  l.bk = in.optional_vector(name("attn_k.bias"), h.k_width());
  l.bv = in.optional_vector(name("attn_v.bias"), h.v_width());
  l.wo = in.matrix(name("attn_output.weight"), h.n_embd, h.n_head * h.head_dim_v);
  l.bo = in.optional_vector(name("attn_output.bias"), h.n_embd);
  l.rope_factors = in.optional_vector("rope_freqs.weight", h.rope.n_rot / 2);
  l.ffn_norm = in.vector(name("ffn_norm.weight"), h.n_embd);
  l.gate = in.matrix(name("ffn_gate.weight"), h.n_ff, h.n_embd);
  l.gate_bias = in.optional_vector(name("ffn_gate.bias"), h.n_ff);
  l.up = in.matrix(name("ffn_up.weight"), h.n_ff, h.n_embd);
  l.up_bias = in.optional_vector(name("ffn_up.bias"), h.n_ff);
  l.down = in.matrix(name("ffn_down.weight"), h.n_embd, h.n_ff);
  l.down_bias = in.optional_vector(name("ffn_down.bias"), h.n_embd);
  return l;
}

Result<void> check_architecture(const GgufFile& file) {
  const auto name = file.get_string("general.architecture");
  if (!name) return tl::unexpected(name.error());
  for (const std::string_view supported : kSupported) {
    if (*name == supported) return {};
  }
  return fail(ExitCode::bad_input_file, fmt::format("architecture {} is not supported", *name),
              file.path(), fmt::format("Supported: {}.", fmt::join(kSupported, ", ")));
}

}  // namespace

Result<std::unique_ptr<Model>> load_model(const std::string& path) {
  auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  if (auto ok = check_architecture(*file); !ok) return tl::unexpected(ok.error());
  auto hparams = read_hparams(*file);
  if (!hparams) return tl::unexpected(hparams.error());

  auto model = std::make_unique<Model>(Model{std::move(*file), std::move(*hparams), {}, {}});
  Hparams& h = model->hparams;
  const GgufTensor* embedding = model->file.find_tensor("token_embd.weight");
  h.n_vocab = embedding == nullptr ? 0 : embedding->ne[1];

  if (model->file.find_tensor("blk.0.ffn_gate_inp.weight") != nullptr) {
    return fail(ExitCode::bad_input_file, "models with experts are not supported", path);
  }
  TensorReader in(*model);
  Weights& w = model->weights;
  w.token_embd = in.matrix("token_embd.weight", h.n_vocab, h.n_embd);
  w.output_norm = in.vector("output_norm.weight", h.n_embd);
  w.output = in.optional_matrix("output.weight", h.n_vocab, h.n_embd);
  if (!w.output.present()) w.output = w.token_embd;
  for (int64_t il = 0; il < h.n_layer && in.error() == nullptr; ++il)
    w.layers.push_back(read_layer(in, h, il));
  if (const Error* error = in.error()) return tl::unexpected(*error);
  return model;
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
