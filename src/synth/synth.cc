#include "synth/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "synth/plan.h"
#include "synth/random_weights.h"
#include "synth/ternary_weights.h"
#include "synth/vocabulary.h"

namespace crossval {
namespace {

tl::unexpected<Error> refuse(std::string what, std::string hint = {}) {
  return fail(ExitCode::usage, std::move(what), "command synth", std::move(hint));
}

Result<void> check(const SynthOptions& o) {
  const std::pair<const char*, int64_t> sizes[] = {{"layers", o.layers},
                                                   {"embd", o.embd},
                                                   {"heads", o.heads},
                                                   {"kv-heads", o.kv_heads},
                                                   {"ff", o.ff}};
  for (const auto& [name, size] : sizes) {
    if (size < 1 || size > 1 << 20)
      return refuse(fmt::format("--{} {} is not in 1…2^20", name, size));
  }
  if (o.embd % (2 * o.heads) != 0) {
    return refuse(fmt::format("--embd {} does not give {} heads an even width", o.embd, o.heads));
  }
  if (o.heads % o.kv_heads != 0) {
    return refuse(fmt::format("--heads {} is no multiple of --kv-heads {}", o.heads, o.kv_heads));
  }
  for (const WeightFormat* type : o.types) {
    for (const int64_t width : {o.embd, o.ff}) {
      if (width % type->block_elements == 0) continue;
      return refuse(fmt::format("a row of {} weights is no multiple of the {} of a {} block", width,
                                type->block_elements, type->name),
                    "Give --embd and --ff as multiples of 256.");
    }
  }
  return {};
}

/// Norm weights as trained models have them: near one value, one channel in 64 several times as
/// large.
std::vector<float> norm_weights(const std::string& name, int64_t size, float near, uint64_t seed) {
  Random random(seed, name);
  std::vector<float> weights;
  for (int64_t i = 0; i < size; ++i) {
    const float usual = near * (1.0F + 0.1F * random.normal());
    weights.push_back(random.next() % 64 == 0 ? usual * (3.0F + 5.0F * random.uniform()) : usual);
  }
  return weights;
}

Result<void> write_matrix(const PlannedTensor& tensor, const WeightFormat& format, Random& random,
                          GgufWriter& to) {
  const RandomWeights weights(format, tensor.sigma);
  std::vector<std::byte> row(static_cast<size_t>(format.row_bytes(tensor.cols)));
  for (int64_t r = 0; r < tensor.rows; ++r) {
    weights.fill(random, row);
    if (auto ok = to.write(row); !ok) return ok;
  }
  return {};
}

/// `norm`: weights of the norm that feeds the matrix, or empty.
Result<void> write_ternary(const PlannedTensor& tensor, const WeightFormat& format,
                           I2sLayout layout, const std::vector<float>& norm, Random& random,
                           GgufWriter& to) {
  const TernaryWeights weights(format, layout, tensor.sigma, norm);
  for (int64_t r = 0; r < tensor.rows; r += kTernaryRows) {
    const int64_t rows = std::min(kTernaryRows, tensor.rows - r);
    if (auto ok = to.write(weights.rows(random, rows, tensor.cols)); !ok) return ok;
  }
  return to.write(weights.tail());
}

/// The format of a tensor; matrices take theirs from the list in turn.
const WeightFormat& format_of(const PlannedTensor& tensor,
                              const std::vector<const WeightFormat*>& types, size_t& matrices) {
  switch (tensor.role) {
    case TensorRole::norm:
      return weight_format(WeightType::f32);
    case TensorRole::embedding:
      return weight_format(WeightType::f16);
    default:
      return *types[matrices++ % types.size()];
  }
}

bool is_ternary(const PlannedTensor& tensor, const WeightFormat& format) {
  return format.type == WeightType::i2_s ||
         (tensor.role == TensorRole::ternary && TernaryWeights::fits(format.type));
}

}  // namespace

Result<void> synthesize(const SynthOptions& options) {
  const SynthArchitecture* architecture = find_synth_architecture(options.architecture);
  if (architecture == nullptr) {
    return refuse(fmt::format("architecture {} cannot be made", options.architecture),
                  "Use --arch llama, bitnet or bitnet-b1.58.");
  }
  if (options.types.empty()) return refuse("no weight type was given", "Use --types.");
  if (auto ok = check(options); !ok) return ok;

  GgufWriter writer(options.path);
  writer.add_string("general.architecture", options.architecture);
  writer.add_string("general.name", fmt::format("synth seed {}", options.seed));
  writer.add_u32("general.quantization_version", 2);
  architecture->add_keys(options, writer);

  int64_t n_vocab = 0;
  if (options.vocabulary_path.empty()) {
    n_vocab = add_small_vocabulary(writer);
  } else {
    const auto file = GgufFile::open(options.vocabulary_path);
    if (!file) return tl::unexpected(file.error());
    const auto copied = copy_vocabulary(*file, writer);
    if (!copied) return tl::unexpected(copied.error());
    n_vocab = *copied;
  }

  const std::vector<PlannedTensor> tensors = architecture->tensors(options, n_vocab);
  std::vector<const WeightFormat*> formats;
  size_t matrices = 0;
  for (const PlannedTensor& tensor : tensors) {
    const WeightFormat& format = format_of(tensor, options.types, matrices);
    if (format.type == WeightType::i2_s && options.i2s_layout == I2sLayout::x86_rows &&
        tensor.rows % kTernaryRows != 0) {
      return refuse(fmt::format("tensor {} has {} rows, no multiple of the 4 of layout x86-rows",
                                tensor.name, tensor.rows));
    }
    formats.push_back(&format);
    const bool is_matrix = tensor.role != TensorRole::norm;
    const std::array<int64_t, 2> ne = {tensor.cols, tensor.rows};
    writer.add_tensor(tensor.name, static_cast<uint32_t>(format.type),
                      std::span(ne).first(is_matrix ? 2 : 1),
                      static_cast<uint64_t>(format.tensor_bytes(tensor.cols * tensor.rows)));
  }
  if (auto ok = writer.start(); !ok) return ok;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const PlannedTensor& tensor = tensors[i];
    Random random(options.seed, tensor.name);
    if (tensor.role == TensorRole::norm) {
      const auto weights = norm_weights(tensor.name, tensor.cols, tensor.sigma, options.seed);
      if (auto ok = writer.write(std::as_bytes(std::span(weights))); !ok) return ok;
    } else if (is_ternary(tensor, *formats[i])) {
      const auto norm = std::ranges::find(tensors, tensor.fed_by, &PlannedTensor::name);
      const auto feeding = norm == tensors.end()
                               ? std::vector<float>()
                               : norm_weights(norm->name, norm->cols, norm->sigma, options.seed);
      if (auto ok = write_ternary(tensor, *formats[i], options.i2s_layout, feeding, random, writer);
          !ok) {
        return ok;
      }
    } else if (auto ok = write_matrix(tensor, *formats[i], random, writer); !ok) {
      return ok;
    }
  }
  return writer.finish();
}

}  // namespace crossval
