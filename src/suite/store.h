// Results on disk: a SQLite database a shard, and one of all (docs/suites.md has the tables).
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "results/suite.h"
#include "suite/manifest.h"
#include "suite/sqlite.h"

namespace crossval {

inline constexpr int kStoreVersion = 2;      // PRAGMA user_version
inline constexpr int kStoreId = 0x63767374;  // PRAGMA application_id: "cvst"
inline constexpr const char* kAllShards = "result.sqlite";

/// "shard-3-of-8.sqlite"
std::string shard_file(int32_t shard, int32_t shards);

/// An empty database with the tables of a store, for this manifest alone; or the one that is there,
/// which must be of it. Nobody else can open it while it is open: SQLite's lock is taken first, so
/// that its log needs no shared memory and works on network disks. Errors: cannot_write; usage
/// (another process writes it, it is of another manifest); bad_input_file (of another version,
/// damaged).
Result<sqlite::Database> open_store(const std::string& path, const std::string& manifest_sha256);

/// A store that is finished, of this manifest. Errors: bad_input_file; usage.
Result<sqlite::Database> open_finished_store(const std::string& path,
                                             const std::string& manifest_sha256);

/// What is open as PATH.partial appears as PATH, without a log beside it. Errors: cannot_write.
Result<void> publish_store(sqlite::Database& store, const std::string& path);

/// Who an engine is, held against what is known of it. Errors (usage): it is another one, with the
/// first mark that differs.
Result<void> note_marks(sqlite::Database& store, int32_t pair, Side side,
                        const std::vector<EngineMark>& marks);

std::vector<EngineMark> marks_of(sqlite::Database& store, int32_t pair, Side side);

/// The database that a shard is writing: PATH.partial until it is published. What was added is
/// there whatever happens to the process.
class ShardWriter {
 public:
  /// Errors: those of open_store; usage (the shard has results and `resume` is not set, or is
  /// finished).
  static Result<ShardWriter> open(const std::string& folder, const Manifest& manifest,
                                  int32_t shard, bool resume);

  /// Whether this prompt was finished.
  bool has(int32_t pair, int32_t prompt) const { return done_.contains({pair, prompt}); }
  size_t finished() const { return done_.size(); }

  Result<void> note_engines(int32_t pair, const EngineInfo& candidate, const EngineInfo& reference);

  /// In one transaction. Errors: cannot_write.
  Result<void> add(int32_t pair, const SuitePromptResult& result,
                   std::span<const PositionResult> positions);

  /// The finished shard appears under its name.
  Result<void> publish();

 private:
  ShardWriter(sqlite::Database store, std::string path, int32_t shard)
      : store_(std::move(store)), path_(std::move(path)), shard_(shard) {}

  sqlite::Database store_;
  std::string path_;
  int32_t shard_;
  std::set<std::pair<int32_t, int32_t>> done_;
};

}  // namespace crossval
