#include "launch/model_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/file_digest.h"
#include "base/thread_pool.h"
#include "inspect/difference/difference.h"
#include "quant/i2s.h"

namespace crossval {
namespace {

Result<std::vector<ModelPart>> parts_of(const std::string& path, const OpenedFiles& files) {
  const auto file = files.open(path);
  if (!file) return tl::unexpected(file.error());
  std::vector<ModelPart> parts;
  for (const GgufPartInfo& part : file->parts()) parts.push_back({part.path, part.size, {}});
  return parts;
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

ModelFiles unknown() {
  ModelFiles models;
  models.how = "not known: one side does not say which model it runs";
  models.other_numbers = false;
  return models;
}

// A checkpoint that its engine reads, and we do not.
ModelFiles not_compared(const Error& why) {
  ModelFiles models;
  models.how = "a checkpoint whose files are not compared: " + why.what;
  models.effect = "what differs between a checkpoint and a file is not known";
  return models;
}

bool is_same_file(const ModelPart& a, const ModelPart& b) {
  std::error_code error;  // a file that is gone by now is compared by its name
  return a.path == b.path || std::filesystem::equivalent(a.path, b.path, error);
}

/// Whether some key that an architecture reads differs.
bool differ_in_architecture_keys(const FileDifference& difference) {
  return std::ranges::any_of(difference.metadata, [](const MetadataDifference& entry) {
    return entry.key == "general.architecture" ||
           (!entry.key.starts_with("general.") && !entry.key.starts_with("tokenizer."));
  });
}

/// What the difference of two models means for the numbers.
void judge(const FileDifference& difference, ModelFiles& models) {
  const bool facts = std::ranges::any_of(
      difference.facts, [](const ModelFactPair& fact) { return fact.a != fact.b; });
  const bool unknown = !difference.facts_unknown.empty() && differ_in_architecture_keys(difference);
  const bool values = std::ranges::any_of(difference.tensors, [](const TensorDifference& tensor) {
    return !tensor.change || tensor.change->name != "same-values";
  });
  models.other_numbers = facts || unknown || !difference.tensors.empty();
  models.effect = values ? "other weights give other numbers"
                  : !difference.tensors.empty()
                      ? "the same weights in other formats are rounded differently on the way"
                  : facts   ? "all weights are equal, what is computed with them is not"
                  : unknown ? "all weights are equal, keys of the architecture are not"
                            : "";
}

bool has_same_size(const ModelPart& a, const ModelPart& b) { return a.bytes == b.bytes; }

Result<void> add_digests(std::vector<ModelPart>& parts, const std::string& cache_folder,
                         const std::stop_token& stop) {
  for (ModelPart& part : parts) {
    auto digest = file_digest(part.path, cache_folder, stop);
    if (!digest) return tl::unexpected(digest.error());
    part.sha256 = std::move(digest->sha256);
  }
  return {};
}

}  // namespace

Result<std::vector<ModelPart>> model_parts(const std::string& path, const OpenedFiles& files,
                                           const std::string& cache_folder,
                                           const std::stop_token& stop) {
  auto parts = parts_of(path, files);
  if (!parts) return parts;
  if (auto ok = add_digests(*parts, cache_folder, stop); !ok) return tl::unexpected(ok.error());
  return parts;
}

ModelFiles compare_recorded(std::vector<ModelPart> candidate, std::vector<ModelPart> reference) {
  if (candidate.empty() || reference.empty()) return unknown();
  const bool same =
      std::ranges::equal(candidate, reference, {}, &ModelPart::sha256, &ModelPart::sha256);
  return {same,
          same ? "the same SHA-256, by what was recorded"
               : "files of different SHA-256, by what was recorded",
          std::move(candidate), std::move(reference)};
}

Result<ModelFiles> compare_model_files(const EngineSettings& candidate,
                                       const EngineSettings& reference, const OpenedFiles& files,
                                       const std::string& cache_folder,
                                       const std::stop_token& stop) {
  const bool untold = candidate.model_path.empty() || reference.model_path.empty();
  if (untold || (candidate.model_sha256.empty() && reference.model_sha256.empty())) {
    return compare_model_files(candidate.model_path, reference.model_path, files, cache_folder,
                               stop);
  }
  const auto parts = [&](const EngineSettings& settings) -> Result<std::vector<ModelPart>> {
    if (settings.model_sha256.empty())
      return model_parts(settings.model_path, files, cache_folder, stop);
    std::vector<ModelPart> told;
    told.reserve(settings.model_sha256.size());
    for (const std::string& sha256 : settings.model_sha256)
      told.push_back({settings.model_path, 0, sha256});
    return told;
  };
  auto a = parts(candidate);
  if (!a) return tl::unexpected(a.error());
  auto b = parts(reference);
  if (!b) return tl::unexpected(b.error());
  return compare_recorded(*std::move(a), *std::move(b));
}

Result<std::vector<std::string>> model_sha256(const std::string& path, const OpenedFiles& files,
                                              const std::string& cache_folder,
                                              const std::stop_token& stop) {
  auto parts = model_parts(path, files, cache_folder, stop);
  if (!parts) return tl::unexpected(parts.error());
  std::vector<std::string> digests;
  for (ModelPart& part : *parts) digests.push_back(std::move(part.sha256));
  return digests;
}

Result<ModelFiles> compare_model_files(const std::string& candidate, const std::string& reference,
                                       const OpenedFiles& files, const std::string& cache_folder,
                                       const std::stop_token& stop) {
  if (candidate.empty() || reference.empty()) return unknown();
  auto a = parts_of(candidate, files);
  if (!a && is_folder(candidate)) return not_compared(a.error());
  if (!a) return tl::unexpected(a.error());
  auto b = reference == candidate ? a : parts_of(reference, files);
  if (!b && is_folder(reference)) return not_compared(b.error());
  if (!b) return tl::unexpected(b.error());
  ModelFiles models{false, "files of different sizes", *std::move(a), *std::move(b)};
  if (std::ranges::equal(models.candidate, models.reference, is_same_file)) {
    models.same = true;
    models.how = "one file";
    return models;
  }
  if (!std::ranges::equal(models.candidate, models.reference, has_same_size)) return models;
  for (std::vector<ModelPart>* side : {&models.candidate, &models.reference}) {
    if (auto ok = add_digests(*side, cache_folder, stop); !ok) return tl::unexpected(ok.error());
  }
  models.same = std::ranges::equal(models.candidate, models.reference, {}, &ModelPart::sha256,
                                   &ModelPart::sha256);
  models.how = models.same ? "two files with the same SHA-256" : "files of different SHA-256";
  return models;
}

Result<ComparedModels> compare_models(const EngineSettings& candidate,
                                      const EngineSettings& reference, const OpenedFiles& files,
                                      const std::string& cache_folder, const std::stop_token& stop,
                                      const std::function<void()>& looking) {
  auto models = compare_model_files(candidate, reference, files, cache_folder, stop);
  if (!models) return tl::unexpected(models.error());
  ComparedModels compared{*std::move(models), std::nullopt};
  const bool recorded = !candidate.model_sha256.empty() || !reference.model_sha256.empty();
  if (compared.models.same || recorded || !have_files(compared.models)) return compared;
  looking();
  auto found = explain_model_difference(candidate, reference, files, stop, compared.models);
  if (!found) return tl::unexpected(found.error());
  compared.difference = *std::move(found);
  return compared;
}

Result<FileDifference> explain_model_difference(const EngineSettings& candidate,
                                                const EngineSettings& reference,
                                                const OpenedFiles& files,
                                                const std::stop_token& stop, ModelFiles& models) {
  constexpr int64_t kMostValues = int64_t{1} << 28;
  const DifferenceOptions options{.a_i2s = find_i2s_layout(candidate.i2s_layout),
                                  .b_i2s = find_i2s_layout(reference.i2s_layout),
                                  .digests = false,
                                  .most_values = kMostValues,
                                  .threads = machine_threads(),
                                  .names = {"candidate", "reference"},
                                  .stop = stop};
  const auto a = files.open(candidate.model_path);
  if (!a) return tl::unexpected(a.error());
  const auto b = files.open(reference.model_path);
  if (!b) return tl::unexpected(b.error());
  auto difference = compare_files(*a, *b, options);
  if (!difference) return difference;
  models.facts = difference->facts;
  judge(*difference, models);
  return difference;
}

}  // namespace crossval
