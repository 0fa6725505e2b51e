// What a suite is, written once: every shard holds itself against it.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/opened_files.h"
#include "results/suite.h"
#include "suite/prompts.h"
#include "suite/suite_file.h"

namespace crossval {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kSuiteFolderFile = "suite-folder";

/// The folder of a suite's results holds manifest.json, prompts.jsonl (all prompts as they are
/// evaluated), a database a shard (suite/store.h), and in suite-folder the way from there to the
/// suite file's folder. Models are known by their SHA-256; paths in manifest.json are those of the
/// suite file, so that it is the same wherever both lie.
struct Manifest {
  std::string name;
  std::vector<SuitePair> pairs{};
  std::vector<SuiteSquare> two_by_two{};
  std::vector<std::string> prompts{};                // ids
  std::vector<PromptKind> kinds{};                   // by prompt
  std::vector<std::optional<int32_t>> score_from{};  // by prompt, as in SuitePrompt
  int32_t shards = 1;
  std::string baseline{};  // as in Suite
  double slack = 1;
  /// What relative paths of manifest.json are taken from, absolute: the folder of the suite file
  /// where the suite was run last. No part of the manifest, for each machine may have another one.
  std::string suite_folder{};
  std::string text{};    // of manifest.json
  std::string sha256{};  // of the text: what shards are held together by
};

/// Errors: bad_input_file (a model that cannot be read); interrupted.
Result<Manifest> make_manifest(const Suite& suite, std::span<const SuitePrompt> prompts,
                               const OpenedFiles& files, const std::string& cache_folder,
                               const std::stop_token& stop);

/// Makes the folder and writes manifest and prompts, or finds the same there: several shards may
/// begin at once. Errors: cannot_write; usage (the folder belongs to another suite, or to another
/// state of this one, with what differs).
Result<void> place_manifest(const Manifest& manifest, std::span<const SuitePrompt> prompts,
                            const std::string& folder);

/// Errors (bad_input_file): no such file, not a manifest, of another version, prompts that are not
/// the manifest's.
Result<Manifest> read_manifest(const std::string& folder);

/// The prompts of a folder. Errors: those of read_manifest.
Result<std::vector<SuitePrompt>> read_manifest_prompts(const std::string& folder);

}  // namespace crossval
