#include "model/tensor_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "quant/foreign_types.h"
#include "quant/i2s.h"

namespace crossval {
namespace {

using Kind = TensorProblem::Kind;

std::string shape(const GgufTensor& tensor) {
  std::string text;
  for (int d = 0; d < tensor.dims; ++d) text += (d ? " x " : "") + std::to_string(tensor.ne[d]);
  return text;
}

/// The layer of "blk.7.attn_q.weight"; -1 outside the layers.
int64_t layer_of(std::string_view name) {
  if (!name.starts_with("blk.")) return -1;
  int64_t layer = -1;
  std::from_chars(name.data() + 4, name.data() + name.size(), layer);
  return layer;
}

/// The first byte of an I2_S tensor that holds a code which the format does not have, or -1.
int64_t first_code_three(const GgufFile& file, const GgufTensor& tensor) {
  constexpr size_t kStep = size_t{8} << 20;
  int64_t found = -1;
  int64_t before = 0;
  const auto codes = tensor.data.first(static_cast<size_t>(tensor.elements() / 4));
  file.stream(tensor, codes, kStep, [&](std::span<const std::byte> part) {
    if (found >= 0) return;
    const auto three = std::ranges::find_if(
        part, [](std::byte b) { return (b & b >> 1 & std::byte{0x55}) != std::byte{0}; });
    if (three != part.end()) found = before + (three - part.begin());
    before += static_cast<int64_t>(part.size());
  });
  return found;
}

}  // namespace

Matrix TensorReader::find_matrix(const std::string& name, int64_t rows, int64_t cols,
                                 int64_t slices, Presence presence) {
  const GgufTensor* tensor = find(name, presence);
  return tensor == nullptr ? Matrix{} : checked(*tensor, rows, cols, slices);
}

Vector TensorReader::find_vector(const std::string& name, int64_t size, int64_t slices,
                                 Presence presence) {
  const GgufTensor* tensor = find(name, presence);
  if (tensor == nullptr) return {};
  if (tensor->type_id != static_cast<uint32_t>(WeightType::f32)) {
    refuse(Kind::type, name, fmt::format("type {} where F32 is needed", tensor->type_id));
    return {};
  }
  if (tensor->elements() != size * slices) {
    refuse(Kind::shape, name,
           fmt::format("the tensor is {}, expected {}", shape(*tensor), size * slices));
    return {};
  }
  const std::byte* data = tensor->data.data();
  if (reinterpret_cast<uintptr_t>(data) % alignof(float) != 0) {
    model_.overlay.push_back(
        std::make_unique<std::vector<std::byte>>(tensor->data.begin(), tensor->data.end()));
    data = model_.overlay.back()->data();
  }
  return {reinterpret_cast<const float*>(data), size * slices, tensor->name};
}

bool TensorReader::has_rows(const std::string& name, int64_t rows) const {
  const GgufTensor* tensor = model_.file.find_tensor(name + ".weight");
  return tensor != nullptr && tensor->ne[1] == rows;
}

void TensorReader::refuse_unused() {
  for (const GgufTensor& tensor : model_.file.tensors()) {
    // Layers beyond the model's are heads that predict further tokens, "cls" is a classifier.
    // Scales of inputs are for engines that compute in their low precision.
    if (used_.contains(tensor.name) || layer_of(tensor.name) >= model_.hparams.n_layer ||
        tensor.name.ends_with(".input_scale") || tensor.name.starts_with("cls.")) {
      continue;
    }
    refuse(Kind::unknown, tensor.name,
           "architecture " + model_.hparams.architecture + " has no such tensor",
           "The file means something that would be ignored; was it made for another architecture?");
  }
}

const GgufTensor* TensorReader::find(const std::string& name, Presence presence) {
  if (presence == Presence::absent) return nullptr;
  const GgufTensor* tensor = model_.file.find_tensor(name);
  if (tensor != nullptr) used_.insert(tensor->name);
  if (presence == Presence::ignored) return nullptr;
  if (tensor == nullptr && presence == Presence::required) {
    refuse(Kind::missing, name, "a tensor that the architecture needs is missing",
           "Is the file complete, and made for architecture " + model_.hparams.architecture + "?");
  }
  return tensor;
}

Matrix TensorReader::checked(const GgufTensor& tensor, int64_t rows, int64_t cols, int64_t slices) {
  const WeightFormat* format = find_weight_format(tensor.type_id);
  if (format == nullptr) {
    std::string known;
    for (const WeightFormat& f : weight_formats())
      known += (known.empty() ? "" : ", ") + std::string(f.name);
    const std::string_view foreign = foreign_type(tensor.type_id);
    refuse(Kind::type, tensor.name,
           fmt::format("weight type {} is not supported{}{}", tensor.type_id,
                       foreign.empty() ? "" : ": ", foreign),
           "Supported: " + known + ".");
    return {};
  }
  if (tensor.ne[0] != cols || tensor.ne[1] != rows || tensor.ne[2] != slices || tensor.ne[3] != 1) {
    refuse(Kind::shape, tensor.name,
           fmt::format("the tensor is {}, expected {} x {}{}", shape(tensor), cols, rows,
                       slices == 1 ? "" : fmt::format(" x {}", slices)));
    return {};
  }
  const Matrix matrix = {format, tensor.data.data(), rows, cols, 1.0F, tensor.name};
  return format->type == WeightType::i2_s ? i2s_matrix(tensor, matrix) : matrix;
}

Matrix TensorReader::i2s_matrix(const GgufTensor& tensor, Matrix matrix) {
  constexpr float kLeast = 1e-6F;  // what bitnet.cpp's quantiser takes for zero
  const int64_t bytes = tensor.elements() / 4;
  matrix.scale = matrix.format->tensor_scale(tensor.data.data(), tensor.elements());
  if (!std::isfinite(matrix.scale) || matrix.scale < kLeast) {
    refuse(Kind::content, tensor.name, fmt::format("the tensor's I2_S scale is {}", matrix.scale),
           "Was the file quantised by several threads? bitnet.cpp's llama-quantize then puts the "
           "scale elsewhere: convert with one thread.");
    return {};
  }
  if (const int64_t at = how_.codes ? first_code_three(model_.file, tensor) : -1; at >= 0) {
    refuse(Kind::content, tensor.name,
           fmt::format("byte {} holds code 3, which I2_S does not have", at),
           "The file is damaged, or its type 36 is not bitnet.cpp's I2_S.");
    return {};
  }
  const I2sLayout layout = model_.i2s->layout;
  if (layout == I2sLayout::x86) return matrix;
  const int64_t rows = tensor.elements() / matrix.cols;
  if (layout == I2sLayout::x86_rows && rows % 4 != 0) {
    refuse(Kind::content, tensor.name,
           fmt::format("{} rows are no multiple of the 4 of layout x86-rows", rows),
           "Name another layout with --i2s-layout.");
    return {};
  }
  if (!how_.copies) return matrix;
  const auto* codes = reinterpret_cast<const uint8_t*>(tensor.data.data());
  auto repacked = std::make_unique<std::vector<std::byte>>(static_cast<size_t>(bytes));
  auto* out = reinterpret_cast<uint8_t*>(repacked->data());
  for (int64_t r = 0; r < rows; ++r, out += matrix.cols / 4)
    i2s_to_x86(layout, codes, r, matrix.cols, 0, matrix.cols, out);
  matrix.data = repacked->data();
  model_.overlay.push_back(std::move(repacked));
  return matrix;
}

void TensorReader::refuse(TensorProblem::Kind kind, std::string_view name, std::string what,
                          std::string hint) {
  // A tensor that every layer shares is asked for by every layer.
  if (!refused_.emplace(kind, name).second) return;
  problems_.push_back({kind, std::string(name), std::move(what), std::move(hint)});
}

}  // namespace crossval
