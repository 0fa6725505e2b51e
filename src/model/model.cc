#include "model/model.h"

#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "base/count_text.h"
#include "base/memory.h"
#include "model/layout.h"
#include "model/other_file.h"
#include "model/tensor_reader.h"

namespace crossval {

namespace {

/// Whether there is memory for the I2_S weights that read_weights copies.
Result<void> copies_fit(const Model& model) {
  constexpr uint64_t kMegabyte = 1'000'000;
  if (!model.i2s || model.i2s->layout == I2sLayout::x86) return {};
  const uint64_t available = available_memory();
  uint64_t needed = 0;
  for (const GgufTensor& tensor : model.file.tensors()) {
    if (tensor.type_id != static_cast<uint32_t>(WeightType::i2_s)) continue;
    const auto bytes = static_cast<uint64_t>(tensor.elements() / 4);
    needed += bytes;
    if (needed <= available) continue;
    return fail(ExitCode::engine_failed,
                fmt::format("I2_S weights in layout {} are rewritten in memory: {} MB for this "
                            "tensor and {} MB for those before it, {} MB are available",
                            i2s_layout_name(model.i2s->layout), bytes / kMegabyte,
                            (needed - bytes) / kMegabyte, available / kMegabyte),
                fmt::format("{}, tensor {}", model.file.path(), tensor.name),
                "Weights in layout x86 are read from the file, without a copy.");
  }
  return {};
}

}  // namespace

std::vector<TensorProblem> read_weights(Model& model, WeightReading how) {
  TensorReader in(model, how);
  model.weights = lay_out(in, model.architecture, model.hparams);
  in.refuse_unused();
  return in.take_problems();
}

Result<std::unique_ptr<Model>> open_model(const GgufFile& file) {
  if (auto ok = refuse_other_file(file); !ok) return tl::unexpected(ok.error());
  const auto name = file.get_string("general.architecture");
  if (!name) return tl::unexpected(name.error());
  const auto architecture = find_architecture(*name);
  if (!architecture) {
    Error error = architecture.error();
    error.where = file.path();
    error.hint = fmt::format(
        "Where llama.cpp has it, two of its builds or profiles can be compared: crossval per-token "
        "-m {} -p TEXT --candidate llama.cpp --reference llama.cpp:profile=production. {}",
        file.path(), error.hint);
    return tl::unexpected(error);
  }
  // Of a checkpoint (checkpoint/checkpoint.h).
  if (const auto other = file.get_array("checkpoint.not_computed"); other) {
    return fail(ExitCode::bad_input_file, std::string((*other)->strings.front()), file.path(),
                "Neither native nor oracle computes that; crossval inspect FILE.gguf --against " +
                    file.path() + " compares a GGUF of it all the same.");
  }
  auto hparams = read_hparams(file, **architecture);
  if (!hparams) return tl::unexpected(hparams.error());
  auto model =
      std::make_unique<Model>(Model{file, **architecture, std::move(*hparams), {}, {}, {}});
  const GgufTensor* embedding = model->file.find_tensor("token_embd.weight");
  model->hparams.n_vocab = embedding == nullptr ? 0 : embedding->ne[1];
  return model;
}

Result<std::unique_ptr<Model>> load_model(const GgufFile& file,
                                          std::optional<I2sLayout> i2s_layout) {
  auto model = open_model(file);
  if (!model) return model;
  (*model)->i2s = read_i2s_layout(file, i2s_layout);
  if (auto fit = copies_fit(**model); !fit) return tl::unexpected(fit.error());
  const std::vector<TensorProblem> problems = read_weights(**model);
  if (problems.empty()) return model;
  const TensorProblem& first = problems.front();
  return fail(ExitCode::bad_input_file, first.what, file.path() + ", tensor " + first.tensor,
              first.hint);
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
