// What `inspect` finds in a model file, or between two of them. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "results/model_files.h"

namespace crossval {

/// Figures over decoded values. Those that are not finite are counted and left out of the rest;
/// without a finite one the rest is 0.
struct ValueSummary {
  int64_t values = 0;
  int64_t zeros = 0;
  int64_t negative = 0;
  int64_t non_finite = 0;
  double min = 0;
  double max = 0;
  double mean = 0;
  double rms = 0;
};

struct InspectedTensor {
  std::string name;
  std::string type;            // "Q4_K"; "type 36" for one that we do not read
  std::vector<int64_t> shape;  // fastest first: row width, rows, …
  int64_t elements = 0;
  uint64_t bytes = 0;
  uint64_t offset = 0;  // absolute, in its part
  int part = 0;
  std::string sha256;                  // of its bytes; empty when the weights were not read
  std::optional<ValueSummary> values;  // when the weights were read and the type is known
};

/// How a file's I2_S weights are read.
struct I2sFacts {
  std::string layout;  // "x86", "arm", "x86-rows"
  std::string why;     // "asked for", or what was found
};

struct TypeShare {
  std::string type;
  int64_t tensors = 0;
  int64_t values = 0;
  uint64_t bytes = 0;
};

using MetadataScalar = std::variant<uint64_t, int64_t, double, bool, std::string>;

struct MetadataEntry {
  std::string key;
  std::string type;  // "u32", "string"; of an array that of its elements
  bool array = false;
  uint64_t count = 1;
  std::vector<MetadataScalar> values;  // of an array the first ones
};

struct TokenRole {
  std::string role;  // "BOS"
  int32_t id = 0;
  std::string text;
};

struct TokenizerFacts {
  std::string model;          // "gpt2"; empty: the file has no vocabulary
  std::string family;         // "byte-level BPE"; empty: not supported
  std::string pre_tokenizer;  // "smollm"
  int64_t size = 0;
  std::vector<TokenRole> roles;
  std::vector<int32_t> end_of_generation;
  bool add_bos = false;
  bool add_eos = false;
  std::vector<std::string> chat_templates;  // "default" and the named ones
};

/// Something in a readable file that a sound model does not have.
struct FileFinding {
  std::string name;   // "zero-rows"
  std::string place;  // a tensor, a key, a part; may be empty
  std::string detail;
};

struct InspectedPart {
  std::string path;
  uint64_t size = 0;
};

struct Inspection {
  std::vector<InspectedPart> parts;
  uint32_t version = 0;
  uint64_t alignment = 0;
  std::string architecture;  // may be empty
  std::string kind;          // of a file that is no language model: "a LoRA adapter for llama"
  std::string name;          // general.name, may be empty
  std::vector<std::string> meaning;  // the architecture in words; empty when it is not supported
  std::optional<I2sFacts> i2s;       // of files with I2_S weights, when the weights were read
  int64_t parameters = 0;
  int64_t tensor_count = 0;
  std::vector<TypeShare> types;  // largest first
  std::vector<MetadataEntry> metadata;
  TokenizerFacts tokenizer;
  std::vector<InspectedTensor> tensors;  // those asked for, in the order asked for
  bool weights_read = false;
  std::vector<FileFinding> findings;
};

/// One tensor, looked at closely.
struct TensorInspection {
  InspectedTensor tensor;
  /// (q, value): the finite value of rank floor(q · (n − 1)).
  std::vector<std::pair<double, float>> quantiles;
  // Equal bins from `low` to `high`; a value on a border counts above it, `high` in the last bin.
  double low = 0;
  double high = 0;
  std::vector<int64_t> bins;
  int64_t below = 0;
  int64_t above = 0;
};

struct TensorDistance {
  int64_t differing = 0;   // values
  double relative_l2 = 0;  // |a − b| / |b|
  double max_abs_diff = 0;
  double cosine = 0;
};

/// How a tensor differs: the simplest rule that leads from one to the other (docs/inspect.md).
struct TensorChange {
  std::string name;    // stable: "rope-order", "few-blocks"
  std::string detail;  // in words
};

struct TensorDifference {
  std::string name;
  std::string kind;                        // the name without its layer: "blk.*.attn_q.weight"
  std::optional<InspectedTensor> a, b;     // absent: that file has no such tensor
  std::optional<TensorDistance> distance;  // of decoded values, when the shapes are equal
  std::optional<TensorChange> change;      // absent: not looked into, or only one file has it
};

struct IdenticalTensor {
  std::string name;
  std::string sha256;  // empty when it was not asked for
};

struct MetadataDifference {
  std::string key;
  std::optional<MetadataEntry> a, b;
};

struct FileDifference {
  std::string a, b;  // paths
  std::optional<I2sFacts> a_i2s, b_i2s;
  std::vector<MetadataDifference> metadata;
  std::vector<ModelFactPair> facts;  // all, equal ones too; empty where they are not known,
  std::string facts_unknown;         // and why
  std::vector<TensorDifference> tensors;
  std::vector<IdenticalTensor> identical;  // same type, shape and bytes
};

/// The exit status that belongs to what was found (docs/exit-codes.md).
inline ExitCode exit_code(const Inspection& inspection) {
  return inspection.findings.empty() ? ExitCode::ok : ExitCode::unhealthy;
}

inline ExitCode exit_code(const FileDifference& difference) {
  return difference.metadata.empty() && difference.tensors.empty() ? ExitCode::ok
                                                                   : ExitCode::diverged;
}

}  // namespace crossval
