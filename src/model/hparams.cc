#include "model/hparams.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace crossval {
namespace {

/// Reads keys of one architecture and remembers the first error.
class KeyReader {
 public:
  KeyReader(const GgufFile& file, std::string architecture)
      : file_(file), prefix_(std::move(architecture) + ".") {}

  int64_t required(const std::string& key) { return keep(file_.get_int(prefix_ + key)); }
  int64_t integer(const std::string& key, int64_t fallback) {
    return keep(file_.int_or(prefix_ + key, fallback));
  }
  float real(const std::string& key, double fallback) {
    return static_cast<float>(keep(file_.float_or(prefix_ + key, fallback)));
  }
  std::string text(const std::string& key, const std::string& fallback) {
    return std::string(keep(file_.string_or(prefix_ + key, fallback)));
  }
  bool has(const std::string& key) const { return file_.find_key(prefix_ + key) != nullptr; }
  const Error* error() const { return failed_ ? &error_ : nullptr; }

 private:
  template <class T>
  T keep(Result<T> value) {
    if (value) return *value;
    if (!failed_) error_ = value.error();
    failed_ = true;
    return T{};
  }

  const GgufFile& file_;
  std::string prefix_;
  Error error_;
  bool failed_ = false;
};

Rope read_rope(KeyReader& keys, int64_t head_dim, int64_t n_ctx_train) {
  Rope rope;
  rope.n_rot = keys.integer("rope.dimension_count", head_dim);
  rope.base = keys.real("rope.freq_base", 10000.0);
  rope.n_ctx_orig = keys.integer("rope.scaling.original_context_length", n_ctx_train);
  const std::string scaling = keys.text("rope.scaling.type", "linear");
  rope.scaling = scaling == "yarn"       ? RopeScaling::yarn
                 : scaling == "longrope" ? RopeScaling::longrope
                 : scaling == "none"     ? RopeScaling::none
                                         : RopeScaling::linear;
  // Older converters wrote rope.scale_linear instead of rope.scaling.factor.
  const float factor = keys.has("rope.scaling.factor") ? keys.real("rope.scaling.factor", 0.0)
                                                       : keys.real("rope.scale_linear", 0.0);
  if (factor != 0.0F && rope.scaling != RopeScaling::none) rope.scale = 1.0F / factor;
  rope.beta_fast = keys.real("rope.scaling.yarn_beta_fast", 32.0);
  rope.beta_slow = keys.real("rope.scaling.yarn_beta_slow", 1.0);
  if (rope.scaling == RopeScaling::yarn) {
    // The rotation itself multiplies by 1 + 0.1·log(factor); upstream sets the magnitude to that
    // and divides it out again, in f32, in this order.
    rope.ext_factor = 1.0F;
    const float stretch = 1.0F / rope.scale;
    rope.attn_factor = stretch <= 1.0F ? 1.0F : 0.1F * 1.0F * std::log(stretch) + 1.0F;
    rope.attn_factor *= 1.0F / (1.0F + 0.1F * std::log(stretch));
  }
  rope.attn_factor *= keys.real("rope.scaling.attn_factor", 1.0);
  return rope;
}

Result<void> check_sizes(const Hparams& h, const GgufFile& file) {
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, file.path() + ", keys " + h.architecture + ".*");
  };
  for (const auto& [name, value] : {std::pair<const char*, int64_t>{"block_count", h.n_layer},
                                    {"embedding_length", h.n_embd},
                                    {"attention.head_count", h.n_head},
                                    {"attention.head_count_kv", h.n_head_kv},
                                    {"head width", h.head_dim_k},
                                    {"head width of values", h.head_dim_v},
                                    {"feed_forward_length", h.n_ff},
                                    {"context_length", h.n_ctx_train}}) {
    if (value < 1 || value > (int64_t{1} << 24)) return bad(fmt::format("{} is {}", name, value));
  }
  if (h.n_head % h.n_head_kv != 0)
    return bad(fmt::format("{} heads cannot share {} key/value heads", h.n_head, h.n_head_kv));
  if (h.rope.n_rot < 0 || h.rope.n_rot > h.head_dim_k || h.rope.n_rot % 2 != 0) {
    return bad(
        fmt::format("rope.dimension_count is {} for heads of {}", h.rope.n_rot, h.head_dim_k));
  }
  if (!(h.norm_eps >= 0.0F) || !(h.norm_eps < 1.0F))
    return bad(fmt::format("the norm's epsilon is {}", h.norm_eps));
  if (!(h.rope.base > 0.0F) || !std::isfinite(h.rope.base))
    return bad(fmt::format("rope.freq_base is {}", h.rope.base));
  return {};
}

}  // namespace

Result<Hparams> read_hparams(const GgufFile& file) {
  const auto architecture = file.get_string("general.architecture");
  if (!architecture) return tl::unexpected(architecture.error());
  Hparams h;
  h.architecture = std::string(*architecture);
  if (const auto name = file.string_or("general.name", ""); name) h.name = std::string(*name);

  KeyReader keys(file, h.architecture);
  h.n_layer = keys.required("block_count");
  h.n_embd = keys.required("embedding_length");
  h.n_ctx_train = keys.required("context_length");
  h.n_ff = keys.required("feed_forward_length");
  h.n_head = keys.required("attention.head_count");
  h.n_head_kv = keys.integer("attention.head_count_kv", h.n_head);
  if (const Error* error = keys.error()) return tl::unexpected(*error);
  const int64_t head_dim = h.n_head > 0 ? h.n_embd / h.n_head : 0;
  h.head_dim_k = keys.integer("attention.key_length", head_dim);
  h.head_dim_v = keys.integer("attention.value_length", head_dim);
  h.norm_eps =
      keys.real("attention.layer_norm_rms_epsilon", std::numeric_limits<double>::quiet_NaN());
  h.rope = read_rope(keys, h.head_dim_k, h.n_ctx_train);
  if (const Error* error = keys.error()) return tl::unexpected(*error);
  if (auto ok = check_sizes(h, file); !ok) return tl::unexpected(ok.error());
  return h;
}

}  // namespace crossval
