#include "cli/model_files.h"

#include <algorithm>
#include <filesystem>

#include "base/file_digest.h"
#include "gguf/file.h"

namespace crossval {
namespace {

Result<std::vector<ModelPart>> parts_of(const std::string& path) {
  const auto file = GgufFile::open(path);
  if (!file) return tl::unexpected(file.error());
  std::vector<ModelPart> parts;
  for (const GgufPartInfo& part : file->parts()) parts.push_back({part.path, part.size, {}});
  return parts;
}

bool is_same_file(const ModelPart& a, const ModelPart& b) {
  std::error_code error;  // a file that is gone by now is compared by its name
  return a.path == b.path || std::filesystem::equivalent(a.path, b.path, error);
}

bool has_same_size(const ModelPart& a, const ModelPart& b) { return a.bytes == b.bytes; }

}  // namespace

Result<ModelFiles> compare_model_files(const std::string& candidate, const std::string& reference,
                                       const std::string& cache_folder,
                                       const std::stop_token& stop) {
  auto a = parts_of(candidate);
  if (!a) return tl::unexpected(a.error());
  auto b = reference == candidate ? a : parts_of(reference);
  if (!b) return tl::unexpected(b.error());
  ModelFiles models{false, "files of different sizes", *std::move(a), *std::move(b)};
  if (std::ranges::equal(models.candidate, models.reference, is_same_file)) {
    models.same = true;
    models.how = "one file";
    return models;
  }
  if (!std::ranges::equal(models.candidate, models.reference, has_same_size)) return models;
  for (std::vector<ModelPart>* side : {&models.candidate, &models.reference}) {
    for (ModelPart& part : *side) {
      auto digest = file_digest(part.path, cache_folder, stop);
      if (!digest) return tl::unexpected(digest.error());
      part.sha256 = std::move(digest->sha256);
    }
  }
  models.same = std::ranges::equal(models.candidate, models.reference, {}, &ModelPart::sha256,
                                   &ModelPart::sha256);
  models.how = models.same ? "two files with the same SHA-256" : "files of different SHA-256";
  return models;
}

}  // namespace crossval
