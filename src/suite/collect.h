// Shards put together: one database of all, and what they say.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/suite.h"
#include "suite/manifest.h"

namespace crossval {

/// Where a shard's results are.
struct FoundShard {
  int32_t shard = 0;
  std::string path;
  std::string digest;  // of its content, times left out
};

struct FoundShards {
  std::vector<FoundShard> shards;       // finished, by number, each once
  std::vector<int32_t> missing;         // of the manifest's
  std::vector<std::string> unfinished;  // databases of shards that are being written, or were left
};

/// Looks into the folders for shards of this manifest. The same result twice is one. Errors: usage
/// (one shard with two different results, a folder of another manifest); bad_input_file.
Result<FoundShards> find_shards(const Manifest& manifest, std::span<const std::string> folders);

/// Writes the first folder's result.sqlite of all shards that are there, in order: the same bytes
/// in the rows whatever the shards were, but for times. Errors: those of find_shards; usage (an
/// engine that was not the same in all shards); cannot_write.
Result<void> merge_shards(const Manifest& manifest, std::span<const std::string> folders);

/// What the shards of a folder say, or one of them alone. Errors: those of find_shards.
Result<SuiteResult> collect_results(const Manifest& manifest, const std::string& folder,
                                    std::optional<int32_t> only = std::nullopt);

}  // namespace crossval
