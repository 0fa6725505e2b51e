#include "inspect/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "inspect/findings.h"
#include "inspect/meaning.h"
#include "inspect/metadata.h"
#include "inspect/other_files.h"
#include "inspect/tensor/distribution.h"
#include "inspect/tensor/scan.h"
#include "inspect/tensor/values.h"
#include "inspect/tokenizer_facts.h"
#include "inspect/vocabulary_findings.h"
#include "model/model.h"
#include "model/other_file.h"
#include "tokenizer/gguf/read_vocabulary.h"

namespace crossval {
namespace {

constexpr uint64_t kShownElements = 8;  // of an array

std::vector<TypeShare> shares(const GgufFile& file) {
  std::map<std::string, TypeShare> by_type;
  for (const GgufTensor& tensor : file.tensors()) {
    const InspectedTensor listed = listed_tensor(tensor);
    TypeShare& share = by_type[listed.type];
    share.type = listed.type;
    ++share.tensors;
    share.values += listed.elements;
    share.bytes += listed.bytes;
  }
  std::vector<TypeShare> shares;
  shares.reserve(by_type.size());
  for (auto& [type, share] : by_type) shares.push_back(std::move(share));
  std::ranges::sort(shares, [](const TypeShare& a, const TypeShare& b) {
    return std::tie(b.bytes, a.type) < std::tie(a.bytes, b.type);
  });
  return shares;
}

/// An error about the file as a finding; its place is in the file.
FileFinding finding_of(const char* name, const Error& error, const std::string& path) {
  std::string place = error.where;
  if (place.starts_with(path)) place.erase(0, path.size());
  if (place.starts_with(", ")) place.erase(0, 2);
  return {name, place, error.hint.empty() ? error.what : error.what + ". " + error.hint};
}

/// How I2_S weights are read, when they are.
std::optional<I2sReading> read_i2s(const GgufFile& file, const InspectOptions& options,
                                   Inspection& inspection) {
  if (!options.weights) return std::nullopt;
  auto reading = read_i2s_layout(file, options.i2s_layout);
  if (!reading) return reading;
  inspection.i2s = facts_of(reading);
  find_in_i2s_layout(file, *reading, options.i2s_layout, inspection.findings);
  return reading;
}

/// What the file means, or why it is not known.
void read_meaning(const GgufFile& file, const std::optional<I2sReading>& i2s, bool weights,
                  Inspection& inspection) {
  const auto model = open_model(file);
  if (!model) {
    inspection.findings.push_back(finding_of("unsupported-model", model.error(), file.path()));
    return;
  }
  (*model)->i2s = i2s.value_or(I2sReading{});
  const auto problems = read_weights(**model, {.codes = weights, .copies = false});
  find_in_tensors(problems, inspection.findings);
  find_in_positions(file, inspection.findings);
  inspection.meaning = meaning_of(**model);
}

void look_at_vocabulary(const GgufFile& file, Inspection& inspection) {
  const size_t before = inspection.findings.size();
  find_duplicate_tokens(file, inspection.findings);
  auto facts = read_tokenizer_facts(file);
  if (!facts) {
    if (const auto model = file.string_or("tokenizer.ggml.model", ""))
      inspection.tokenizer.model = std::string(*model);
    // Duplicates are why.
    if (inspection.findings.size() == before) {
      inspection.findings.push_back(
          finding_of("unsupported-tokenizer", facts.error(), file.path()));
    }
    return;
  }
  inspection.tokenizer = std::move(*facts);
  if (inspection.tokenizer.model.empty()) return;
  find_in_sizes(file, inspection.tokenizer, inspection.findings);
  const auto vocabulary = read_vocabulary(file);
  if (!vocabulary) return;  // it was read above
  find_in_tokens(file, *vocabulary, inspection.findings);
  find_in_pre_tokenizer(file, *vocabulary, inspection.findings);
}

void scan_weights(const GgufFile& file, const std::optional<I2sReading>& i2s,
                  const InspectOptions& options, Inspection& inspection) {
  ThreadPool pool(options.threads);
  std::vector<ScannedTensor> scanned;
  uint64_t done = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    if (const auto values = values_of(file, tensor, layout_of(i2s)))
      scanned.push_back({&tensor, scan_tensor(*values, pool)});
    done += tensor.data.size();
    if (options.progress) options.progress(done, file.size());
  }
  if (inspection.kind.empty()) {
    find_in_values(file, scanned, inspection.findings);
  } else {
    find_non_finite(scanned, inspection.findings);
  }
  std::map<std::string_view, const TensorScan*> by_name;
  for (const ScannedTensor& s : scanned) by_name[s.tensor->name] = &s.scan;
  for (InspectedTensor& tensor : inspection.tensors) {
    const auto found = by_name.find(tensor.name);
    if (found == by_name.end()) {
      tensor.sha256 = digest_of(file, *file.find_tensor(tensor.name));
      continue;
    }
    tensor.sha256 = found->second->sha256;
    tensor.values = found->second->values;
  }
  inspection.weights_read = true;
}

}  // namespace

std::optional<I2sFacts> facts_of(const std::optional<I2sReading>& reading) {
  if (!reading) return std::nullopt;
  return I2sFacts{std::string(i2s_layout_name(reading->layout)), reading->why};
}

InspectedTensor listed_tensor(const GgufTensor& tensor) {
  const WeightFormat* format = find_weight_format(tensor.type_id);
  return {.name = std::string(tensor.name),
          .type = format != nullptr ? std::string(format->name)
                                    : fmt::format("type {}", tensor.type_id),
          .shape = {tensor.ne.begin(), tensor.ne.begin() + tensor.dims},
          .elements = tensor.elements(),
          .bytes = tensor.data.size(),
          .offset = tensor.offset,
          .part = tensor.part,
          .sha256 = {},
          .values = {}};
}

Result<Inspection> inspect_file(const std::string& path, const InspectOptions& options) {
  const auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  Inspection inspection;
  for (const GgufPartInfo& part : file->parts()) inspection.parts.push_back({part.path, part.size});
  inspection.version = file->version();
  inspection.alignment = file->alignment();
  if (const auto name = file->string_or("general.architecture", ""))
    inspection.architecture = std::string(*name);
  if (const auto name = file->string_or("general.name", "")) inspection.name = std::string(*name);
  for (const GgufTensor& tensor : file->tensors()) {
    inspection.parameters += tensor.elements();
    ++inspection.tensor_count;
    if (name_matches(tensor.name, options.filter))
      inspection.tensors.push_back(listed_tensor(tensor));
  }
  sort_tensors(inspection.tensors, options.order);
  inspection.types = shares(*file);
  for (const GgufKey& key : file->keys())
    inspection.metadata.push_back(metadata_entry(key, kShownElements));
  std::optional<I2sReading> i2s;
  if (const auto other = other_file(*file)) {
    inspection.kind = other->what;
    inspection.meaning = meaning_of(*file, *other);
    find_in_other_file(*file, *other, options.weights, inspection.findings);
  } else if (file->tensors().empty() && file->find_key("tokenizer.ggml.tokens") != nullptr) {
    inspection.kind = "a vocabulary without weights";
    look_at_vocabulary(*file, inspection);
  } else {
    i2s = read_i2s(*file, options, inspection);
    read_meaning(*file, i2s, options.weights, inspection);
    look_at_vocabulary(*file, inspection);
  }
  if (file->version() != 0) find_in_layout(*file, inspection.findings);
  if (options.weights) scan_weights(*file, i2s, options, inspection);
  return inspection;
}

Result<TensorInspection> inspect_tensor(const std::string& path, const std::string& name,
                                        int threads) {
  const auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const GgufTensor* tensor = file->find_tensor(name);
  if (tensor == nullptr) {
    return fail(ExitCode::usage, fmt::format("the file has no tensor \"{}\"", name), path,
                fmt::format("crossval inspect {} lists them.", path));
  }
  const auto values = values_of(*file, *tensor);
  if (!values) {
    return fail(ExitCode::bad_input_file,
                fmt::format("weight type {} is not supported", tensor->type_id),
                fmt::format("{}, tensor {}", path, name));
  }
  ThreadPool pool(threads);
  TensorInspection inspection;
  inspection.tensor = listed_tensor(*tensor);
  TensorScan scan = scan_tensor(*values, pool);
  inspection.tensor.sha256 = std::move(scan.sha256);
  inspection.tensor.values = scan.values;
  add_distribution(*values, inspection);
  return inspection;
}

}  // namespace crossval
