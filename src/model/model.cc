#include "model/model.h"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "base/count_text.h"
#include "model/layout.h"
#include "model/tensor_reader.h"

namespace crossval {

std::vector<TensorProblem> read_weights(Model& model, WeightReading how) {
  TensorReader in(model, how);
  model.weights = lay_out(in, model.architecture, model.hparams);
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
      Model{std::move(*file), **architecture, std::move(*hparams), {}, {}, {}});
  const GgufTensor* embedding = model->file.find_tensor("token_embd.weight");
  model->hparams.n_vocab = embedding == nullptr ? 0 : embedding->ne[1];
  return model;
}

Result<std::unique_ptr<Model>> load_model(const std::string& path,
                                          std::optional<I2sLayout> i2s_layout) {
  auto model = open_model(path);
  if (!model) return model;
  (*model)->i2s = read_i2s_layout((*model)->file, i2s_layout);
  const std::vector<TensorProblem> problems = read_weights(**model);
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
  return fmt::format("{}, {}, {} parameters, {}", hparams.architecture,
                     counted(hparams.n_layer, "layer"), rounded_count(parameters), main_type);
}

}  // namespace crossval
