#include "synth/synth.h"

#include <fmt/format.h>

#include <algorithm>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "model/architecture.h"
#include "model/hparams.h"
#include "synth/keys.h"
#include "synth/plan.h"
#include "synth/random_weights.h"
#include "synth/ternary_weights.h"
#include "synth/vocabulary.h"

namespace crossval {
namespace {

tl::unexpected<Error> refuse(std::string what, std::string hint = {}) {
  return fail(ExitCode::usage, std::move(what), "command synth", std::move(hint));
}

/// With the sizes that follow from others.
SynthOptions completed(SynthOptions o, const Architecture& architecture) {
  if (o.head_dim == 0 && o.heads > 0) o.head_dim = o.embd / o.heads;
  if (o.rope_dim == 0) o.rope_dim = architecture.latent_attention ? o.head_dim / 2 : o.head_dim;
  if (o.kv_heads == 0)
    o.kv_heads = architecture.grouped_heads && o.heads % 2 == 0 ? o.heads / 2 : o.heads;
  if (o.experts < 0) o.experts = architecture.experts.presence == Presence::required ? 4 : 0;
  if (o.experts_used == 0) o.experts_used = 2;
  if (o.window == 0) o.window = 512;
  return o;
}

/// Refuses what was asked for and would not be in the model.
Result<void> check_used(const SynthOptions& given, const Architecture& architecture) {
  const auto none = [&](const char* what) {
    return refuse(fmt::format("architecture {} has no {}", architecture.name, what));
  };
  if (given.window != 0 && architecture.window.kind == WindowKind::none) return none("windows");
  if (given.rope_dim != 0 && architecture.rope == RopePairs::none) return none("RoPE");
  if ((given.experts > 0 || given.experts_used > 0) &&
      architecture.experts.presence == Presence::absent)
    return none("experts");
  return {};
}

Result<void> check(const SynthOptions& o) {
  const std::pair<const char*, int64_t> sizes[] = {
      {"layers", o.layers},     {"embd", o.embd},       {"heads", o.heads},
      {"kv-heads", o.kv_heads}, {"ff", o.ff},           {"head-dim", o.head_dim},
      {"window", o.window},     {"context", o.context}, {"rope-dim", o.rope_dim}};
  for (const auto& [name, size] : sizes) {
    if (size < 1 || size > 1 << 20)
      return refuse(fmt::format("--{} {} is not in 1…2^20", name, size));
  }
  if (o.head_dim % 2 != 0) {
    return refuse(fmt::format("heads of {} have no even width", o.head_dim),
                  "Give --head-dim, or --embd as a multiple of twice --heads.");
  }
  if (o.rope_dim % 2 != 0 || o.rope_dim > o.head_dim) {
    return refuse(
        fmt::format("--rope-dim {} is odd or more than the {} of a head", o.rope_dim, o.head_dim));
  }
  if (o.heads % o.kv_heads != 0) {
    return refuse(fmt::format("--heads {} is no multiple of --kv-heads {}", o.heads, o.kv_heads));
  }
  if (o.experts > 0 && (o.experts_used < 1 || o.experts_used > o.experts || o.experts > 4096)) {
    return refuse(fmt::format("{} of {} experts cannot be used", o.experts_used, o.experts),
                  "Give --experts and --experts-used.");
  }
  return {};
}

Result<void> check_fits(const PlannedTensor& tensor, const WeightFormat& format, I2sLayout layout) {
  if (tensor.cols() % format.block_elements != 0) {
    return refuse(
        fmt::format("tensor {}: a row of {} weights is no multiple of the {} of a {} block",
                    tensor.name, tensor.cols(), format.block_elements, format.name),
        "Give --embd, --ff and --heads times --head-dim as multiples of 256.");
  }
  if (format.type == WeightType::i2_s && layout == I2sLayout::x86_rows &&
      tensor.rows() % kTernaryRows != 0) {
    return refuse(fmt::format("tensor {} has {} rows, no multiple of the 4 of layout x86-rows",
                              tensor.name, tensor.rows()));
  }
  return {};
}

/// Norm weights as trained models have them: near one value, one channel in 64 several times as
/// large.
float norm_weight(float near, Random& random) {
  const float usual = near * (1.0F + 0.1F * random.normal());
  return random.next() % 64 == 0 ? usual * (3.0F + 5.0F * random.uniform()) : usual;
}

std::vector<float> vector_values(const PlannedTensor& tensor, uint64_t seed) {
  Random random(seed, tensor.name);
  std::vector<float> values(static_cast<size_t>(tensor.cols() * tensor.rows()));
  for (float& value : values) {
    value = tensor.role == TensorRole::norm     ? norm_weight(tensor.sigma, random)
            : tensor.role == TensorRole::factor ? 1.0F + tensor.sigma * random.uniform()
                                                : tensor.sigma * random.normal();
  }
  return values;
}

Result<void> write_matrix(const PlannedTensor& tensor, const WeightFormat& format, Random& random,
                          GgufWriter& to) {
  const RandomWeights weights(format, tensor.sigma);
  std::vector<std::byte> row(static_cast<size_t>(format.row_bytes(tensor.cols())));
  for (int64_t r = 0; r < tensor.rows(); ++r) {
    weights.fill(random, row);
    if (auto ok = to.write(row); !ok) return ok;
  }
  return {};
}

/// `norm`: weights of the norm that feeds the matrix, or empty.
Result<void> write_ternary(const PlannedTensor& tensor, const WeightFormat& format,
                           I2sLayout layout, const std::vector<float>& norm, Random& random,
                           GgufWriter& to) {
  // A level of its own for each tensor: one must not be read for another unnoticed.
  const float sigma = tensor.sigma * (0.75F + 0.5F * random.uniform());
  const TernaryWeights weights(format, layout, sigma, norm);
  for (int64_t r = 0; r < tensor.rows(); r += kTernaryRows) {
    const int64_t rows = std::min(kTernaryRows, tensor.rows() - r);
    if (auto ok = to.write(weights.rows(random, rows, tensor.cols())); !ok) return ok;
  }
  const std::vector<std::byte> tail = weights.tail();
  return tail.empty() ? Result<void>() : to.write(tail);
}

/// The format of a tensor; matrices take theirs from the list in turn.
const WeightFormat& format_of(const PlannedTensor& tensor,
                              const std::vector<const WeightFormat*>& types, size_t& matrices) {
  switch (tensor.role) {
    case TensorRole::matrix:
    case TensorRole::ternary:
      return *types[matrices++ % types.size()];
    case TensorRole::embedding:
      return weight_format(WeightType::f16);
    default:
      return weight_format(WeightType::f32);
  }
}

/// Values of its own for each tensor; `tensors` are all of the model.
Result<void> write_tensor(const PlannedTensor& tensor, const WeightFormat& format,
                          const std::vector<PlannedTensor>& tensors, const SynthOptions& options,
                          GgufWriter& to) {
  const bool vector = tensor.role == TensorRole::norm || tensor.role == TensorRole::bias ||
                      tensor.role == TensorRole::factor;
  if (vector) {
    const std::vector<float> values = vector_values(tensor, options.seed);
    return to.write(std::as_bytes(std::span(values)));
  }
  Random random(options.seed, tensor.name);
  const bool ternary = format.type == WeightType::i2_s ||
                       (tensor.role == TensorRole::ternary && TernaryWeights::fits(format.type));
  if (!ternary) return write_matrix(tensor, format, random, to);
  const auto norm = std::ranges::find(tensors, tensor.fed_by, &PlannedTensor::name);
  const auto feeding =
      norm == tensors.end() ? std::vector<float>() : vector_values(*norm, options.seed);
  return write_ternary(tensor, format, options.i2s_layout, feeding, random, to);
}

Result<int64_t> add_vocabulary(const SynthOptions& options, GgufWriter& to) {
  if (options.vocabulary_path.empty()) return add_small_vocabulary(to);
  const auto file = GgufFile::open(options.vocabulary_path);
  if (!file) return tl::unexpected(file.error());
  return copy_vocabulary(*file, to);
}

/// The sizes that the keys written so far mean, read as from a file.
Result<Hparams> written_hparams(const Architecture& architecture, const GgufWriter& writer,
                                const std::string& path) {
  const std::string header = writer.header();
  const auto file = GgufFile::parse(std::as_bytes(std::span(header)), path);
  if (!file) return tl::unexpected(file.error());
  return read_hparams(*file, architecture);
}

}  // namespace

Result<void> synthesize(const SynthOptions& given) {
  const auto architecture = find_architecture(given.architecture);
  if (!architecture) {
    return refuse(fmt::format("architecture {} cannot be made", given.architecture),
                  architecture.error().hint);
  }
  if (given.types.empty()) return refuse("no weight type was given", "Use --types.");
  if (auto ok = check_used(given, **architecture); !ok) return ok;
  const SynthOptions options = completed(given, **architecture);
  if (auto ok = check(options); !ok) return ok;
  if (given.experts_used > 0 && options.experts == 0)
    return refuse("--experts-used without experts", "Give --experts.");

  GgufWriter writer(options.path);
  add_model_keys(**architecture, options, writer);
  const auto n_vocab = add_vocabulary(options, writer);
  if (!n_vocab) return tl::unexpected(n_vocab.error());
  auto hparams = written_hparams(**architecture, writer, options.path);
  if (!hparams) return tl::unexpected(hparams.error());
  hparams->n_vocab = *n_vocab;

  const std::vector<PlannedTensor> tensors = plan_tensors(**architecture, *hparams, options);
  std::vector<const WeightFormat*> formats;
  size_t matrices = 0;
  for (const PlannedTensor& tensor : tensors) {
    const WeightFormat& format = format_of(tensor, options.types, matrices);
    if (auto ok = check_fits(tensor, format, options.i2s_layout); !ok) return ok;
    formats.push_back(&format);
    writer.add_tensor(tensor.name, static_cast<uint32_t>(format.type), tensor.shape,
                      static_cast<uint64_t>(format.tensor_bytes(tensor.cols() * tensor.rows())));
  }
  if (auto ok = writer.start(); !ok) return ok;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (options.stop.stop_requested())
      return fail(ExitCode::interrupted, "interrupted, nothing was written", options.path);
    if (auto ok = write_tensor(tensors[i], *formats[i], tensors, options, writer); !ok) return ok;
  }
  return writer.finish();
}

}  // namespace crossval
