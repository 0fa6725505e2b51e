// Do two names stand for the same model, and if not, what differs?
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "gguf/opened_files.h"
#include "results/inspection.h"
#include "results/model_files.h"

namespace crossval {

/// The files of a model with their SHA-256. Errors: those of model_sha256.
Result<std::vector<ModelPart>> model_parts(const std::string& path, const OpenedFiles& files,
                                           const std::string& cache_folder,
                                           const std::stop_token& stop);

/// What two models are to each other by the SHA-256 of their files, as a recording tells them; not
/// known where one tells none.
ModelFiles compare_recorded(std::vector<ModelPart> candidate, std::vector<ModelPart> reference);

/// As below, of what two engines say that they run: one that tells its files' SHA-256 (a recording)
/// is known by these, and its files need not be here; one without a path says nothing of its model.
Result<ModelFiles> compare_model_files(const EngineSettings& candidate,
                                       const EngineSettings& reference, const OpenedFiles& files,
                                       const std::string& cache_folder,
                                       const std::stop_token& stop);

/// Compares all files of both models (a split model has several): the same files need no look at
/// their bytes, files of different sizes neither; others are read once and their SHA-256 is kept in
/// the cache folder (base/file_digest.h). A side without a file, which is a server's, or a folder
/// that only its engine reads, is not compared: neither has parts then. Errors: bad_input_file;
/// interrupted.
Result<ModelFiles> compare_model_files(const std::string& candidate, const std::string& reference,
                                       const OpenedFiles& files, const std::string& cache_folder,
                                       const std::stop_token& stop);

/// Whether there are files to look into for a difference.
inline bool have_files(const ModelFiles& models) {
  return !models.candidate.empty() && !models.reference.empty();
}

/// SHA-256 of each of a model's files, kept likewise. Errors: bad_input_file; interrupted.
Result<std::vector<std::string>> model_sha256(const std::string& path, const OpenedFiles& files,
                                              const std::string& cache_folder,
                                              const std::stop_token& stop);

/// What two engines' models are to each other and, where they are not the same and there are files
/// to look into, in what they differ. `looking` is called before that, which takes a second or two.
/// Errors: those of compare_model_files and explain_model_difference.
struct ComparedModels {
  ModelFiles models;
  std::optional<FileDifference> difference;
};
Result<ComparedModels> compare_models(const EngineSettings& candidate,
                                      const EngineSettings& reference, const OpenedFiles& files,
                                      const std::string& cache_folder, const std::stop_token& stop,
                                      const std::function<void()>& looking);

/// What differs between the two sides' models, which are not the same; completes `models` with it.
/// Few enough values are decoded that it takes a second or two (compare_files). Errors: those of
/// compare_files; bad_input_file.
Result<FileDifference> explain_model_difference(const EngineSettings& candidate,
                                                const EngineSettings& reference,
                                                const OpenedFiles& files,
                                                const std::stop_token& stop, ModelFiles& models);

}  // namespace crossval
