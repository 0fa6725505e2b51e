// Who an engine is and how it runs: plain data that goes into every result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crossval {

using TokenId = int32_t;

/// What the rows of an engine are, all of them alike: every logit, the most likely tokens alone, or
/// a hash (protocol/row.h).
enum class RowContent : uint8_t { logits, top, hashes };

/// How that is called in EngineSettings::rows: "" for all logits, which most engines have.
inline constexpr std::string_view kTopRows = "top", kHashedRows = "hashes";

/// What an engine can do. A plan that needs more is refused by name before it starts.
struct Capabilities {
  bool tokenize = false;
  bool all_logits = false;  // a row for every position, not only the last
  bool decode = false;      // may be evaluated step by step on top of its KV cache
  bool trace = false;       // hands out its intermediate tensors
  bool state = false;       // and the rows of its KV cache
};

/// The isa of an engine that computes in double: what it shows is rounded to float.
inline constexpr const char* kDoublePrecision = "double precision";

/// Who computed. A verdict is a property of two builds, not of two names.
struct EngineIdentity {
  std::string name;         // "native", "llama.cpp"
  std::string version;      // of the engine; for llama.cpp its release or library version
  std::string commit;       // empty when unknown
  std::string build;        // compiler and the flags that change numbers
  std::string isa;          // instruction set really used, e.g. "avx2+fma+f16c"
  std::string libm;         // C library version: powf, cosf, sinf, expf come from there
  std::string profile;      // llama.cpp: "canonical", "production", "as-built"; otherwise empty
  std::string activations;  // activation arithmetic, e.g. "q8_1 for q4_1, q8_K for q6_K"
  std::string activation_function;  // between the feed-forward matrices: "silu", "squared relu"
  std::string api;                  // llama.cpp: the era of its interface
  std::vector<std::string> faults;  // planted mistakes, printed wherever the identity is
};

/// What an engine really runs with: read back from it, never copied from the request.
struct EngineSettings {
  std::string model_path;
  /// SHA-256 of each of the model's files, where the engine tells: a recording does, whose model
  /// may be on another machine.
  std::vector<std::string> model_sha256;
  std::string tokenizer_path;     // in place of the model file's own vocabulary; else empty
  std::string model_description;  // architecture, size and main weight type in words
  int32_t n_vocab = 0;            // width of a logits row
  int32_t n_ctx = 0;              // positions that fit
  int32_t n_ctx_train = 0;
  int32_t n_ctx_learned = 0;  // positions with a learned embedding; 0: the model needs none
  int32_t n_batch = 0;
  int32_t n_ubatch = 0;
  int32_t threads = 0;
  bool all_logits = false;
  /// What a row is: "", "top" or "hashes" (RowContent).
  std::string rows;
  std::string kv_type_k;  // "f16", "f32", …
  std::string kv_type_v;
  std::string flash_attention;  // "off", "on"
  std::string weight_layout;    // "as stored", "CPU_REPACK for q4_0 (210 of 211 matrices)"
  std::vector<std::string> weight_buffers;  // what holds them: "CPU_Mapped: 61 matrices"
  std::string rope;  // "base 100000 scale 1": effective values, overrides included
  double norm_eps = 0.0;
  std::string i2s_layout;      // how I2_S weights are read: "x86", "arm", "x86-rows"
  std::string i2s_layout_why;  // "asked for", or what was found
  std::string context_class;   // where the numbers depend on n_ctx (longrope): "short" or "long"
  std::string device = "cpu";
  bool add_bos = false;  // what the model file asks for
  bool add_eos = false;
  std::vector<std::string> environment;  // variables set that change this engine's numbers
  /// Settings this engine is known not to be invariant to ("threads", "batch", "micro-batch"): a
  /// difference there is warned about instead of only recorded.
  std::vector<std::string> not_invariant_to;
};

/// Something about the engine or its reading of its files that the user should know.
struct EngineWarning {
  std::string name;  // stable; "engine-warning", "engine-error": the engine's own words
  std::string message;
};

struct EngineInfo {
  EngineIdentity identity;
  EngineSettings settings;
  Capabilities capabilities;
  std::vector<EngineWarning> warnings;
};

/// What the rows of an engine are.
RowContent rows_of(const EngineSettings& settings);

}  // namespace crossval
