#include "synth/synth.h"

#include <fmt/format.h>

#include <array>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "synth/plan.h"
#include "synth/random_weights.h"
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

/// Norm weights as trained models have them: near 1, one channel in 64 several times as large.
std::vector<float> norm_weights(int64_t size, Random& random) {
  std::vector<float> weights;
  for (int64_t i = 0; i < size; ++i) {
    const float usual = 1.0F + 0.1F * random.normal();
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

}  // namespace

Result<void> synthesize(const SynthOptions& options) {
  const SynthArchitecture* architecture = find_synth_architecture(options.architecture);
  if (architecture == nullptr) {
    return refuse(fmt::format("architecture {} cannot be made", options.architecture),
                  "Use --arch llama.");
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
    const bool is_matrix = tensor.role == TensorRole::matrix;
    formats.push_back(is_matrix ? options.types[matrices++ % options.types.size()]
                                : &weight_format(WeightType::f32));
    const std::array<int64_t, 2> ne = {tensor.cols, tensor.rows};
    writer.add_tensor(tensor.name, static_cast<uint32_t>(formats.back()->type),
                      std::span(ne).first(is_matrix ? 2 : 1),
                      static_cast<uint64_t>(formats.back()->row_bytes(tensor.cols) * tensor.rows));
  }
  if (auto ok = writer.start(); !ok) return ok;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Random random(options.seed, tensors[i].name);
    if (tensors[i].role == TensorRole::norm) {
      const std::vector<float> weights = norm_weights(tensors[i].cols, random);
      if (auto ok = writer.write(std::as_bytes(std::span(weights))); !ok) return ok;
    } else if (auto ok = write_matrix(tensors[i], *formats[i], random, writer); !ok) {
      return ok;
    }
  }
  return writer.finish();
}

}  // namespace crossval
