#include "suite/store.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "base/partial_file.h"
#include "base/sha256.h"
#include "floor/identity.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;

constexpr const char* kTables = R"(
CREATE TABLE suite(manifest_sha256 TEXT NOT NULL);
CREATE TABLE shard(shard INTEGER PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE engine(pair INTEGER, side TEXT, place INTEGER, name TEXT, value TEXT,
                    PRIMARY KEY(pair, side, place)) WITHOUT ROWID;
CREATE TABLE prompt(pair INTEGER, prompt INTEGER, verdict TEXT, error_code INTEGER, error_what TEXT, error_where TEXT,
                    error_hint TEXT, detail TEXT, tokens INTEGER, positions INTEGER, identical INTEGER,
                    same_top INTEGER, tie_flips INTEGER, decisive_flips INTEGER, first_divergence INTEGER, lowest_cosine REAL, max_abs_diff REAL, largest_kl REAL,
                    seconds REAL, PRIMARY KEY(pair, prompt)) WITHOUT ROWID;
CREATE TABLE position(pair INTEGER, prompt INTEGER, position INTEGER, token INTEGER, piece BLOB, passed INTEGER,
                      healthy INTEGER, identical INTEGER, decode INTEGER, cosine REAL, relative_l2 REAL,
                      max_abs_diff REAL, kl REAL, candidate_top INTEGER, reference_top INTEGER,
                      candidate_next REAL, reference_next REAL,
                      reference_margin REAL, noise REAL, decisive_flip INTEGER,
                      PRIMARY KEY(pair, prompt, position)) WITHOUT ROWID;
CREATE TABLE explanation(pair INTEGER, prompt INTEGER, position INTEGER, verdict TEXT, operation TEXT, cause TEXT,
                         sentence TEXT, PRIMARY KEY(pair, prompt)) WITHOUT ROWID;
)";

// Over all that a run of the same suite gives again: times are left out.
Result<std::string> digest_of(Database& store) {
  Sha256 sum;
  for (const char* sql : {"SELECT "
                          "quote(pair)||'|'||quote(side)||'|'||quote(place)||'|'||quote(name)||'|'|"
                          "|quote(value) FROM engine "
                          "ORDER BY pair, side, place",
                          "SELECT "
                          "quote(pair)||'|'||quote(prompt)||'|'||quote(verdict)||'|'||quote(error_"
                          "code)||'|'||quote(error_what)"
                          "||'|'||quote(error_where)||'|'||quote(error_hint)||'|'||quote(detail)||'"
                          "|'||quote(tokens)||'|'||"
                          "quote(positions)||'|'||quote(identical)||'|'||quote(same_top)||'|'||"
                          "quote(tie_flips)||'|'||quote(decisive_flips)||'|'||"
                          "quote(first_divergence)||'|'||"
                          "quote(lowest_cosine)||'|'||quote(max_abs_diff)||'|'||quote(largest_kl) "
                          "FROM prompt ORDER BY pair, prompt",
                          "SELECT "
                          "quote(pair)||'|'||quote(prompt)||'|'||quote(position)||'|'||quote(token)"
                          "||'|'||quote(piece)||'|'||"
                          "quote(passed)||'|'||quote(healthy)||'|'||quote(identical)||'|'||quote("
                          "decode)||'|'||quote(cosine)||'|'||"
                          "quote(relative_l2)||'|'||quote(max_abs_diff)||'|'||quote(kl)||'|'||"
                          "quote(candidate_top)||'|'||"
                          "quote(reference_top)||'|'||quote(candidate_next)||'|'||quote(reference_"
                          "next)||'|'||quote(reference_margin)||'|'||quote(noise)||'|'||quote("
                          "decisive_flip) FROM position "
                          "ORDER BY pair, prompt, position"}) {
    const auto read = sqlite::for_each_row(store.prepare(sql), [&](sqlite::Statement& row) {
      const std::string line = row.text(0) + "\n";
      sum.add(std::as_bytes(std::span(line)));
      return Result<void>();
    });
    if (!read) return tl::unexpected(read.error());
  }
  return sum.digest();
}

// Errors: bad_input_file (no store, of another version, damaged); usage (of another manifest).
Result<void> check_store(Database& store, const std::string& manifest_sha256) {
  const auto id = store.integer("PRAGMA application_id");
  if (!id) return tl::unexpected(id.error());
  if (*id != kStoreId)
    return fail(ExitCode::bad_input_file, "it is no store of a suite", store.path());
  const auto version = store.integer("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version != kStoreVersion) {
    return fail(ExitCode::bad_input_file,
                fmt::format("a store of version {}, and this program reads version {}", *version,
                            kStoreVersion),
                store.path(), "Read it with the program that wrote it, or run its shard again.");
  }
  auto row = store.prepare("SELECT manifest_sha256 FROM suite");
  if (!row) return tl::unexpected(row.error());
  const auto there = row->step();
  if (!there) return tl::unexpected(there.error());
  if (*there && row->text(0) == manifest_sha256) return {};
  return fail(
      ExitCode::usage, "these are results of another manifest", store.path(),
      "Results of two states of a suite do not go together: give each a folder of its own.");
}

}  // namespace

std::string shard_file(int32_t shard, int32_t shards) {
  return fmt::format("shard-{}-of-{}.sqlite", shard, shards);
}

Result<Database> open_store(const std::string& path, const std::string& manifest_sha256) {
  auto store = Database::open(path, Database::Access::write);
  if (!store) return store;
  // In this order: with the lock taken first, the log needs no shared memory (sqlite.org/wal.html,
  // "Use of WAL Without Shared-Memory").
  if (auto ok = store->execute(
          "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
          "BEGIN IMMEDIATE;");
      !ok) {
    return tl::unexpected(ok.error());
  }
  const auto tables = store->integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return tl::unexpected(tables.error());
  if (*tables == 0) {
    if (auto ok = store->execute(kTables); !ok) return tl::unexpected(ok.error());
    auto row = store->prepare("INSERT INTO suite VALUES(?)");
    if (!row) return tl::unexpected(row.error());
    if (auto ok = row->bind(1, std::string_view(manifest_sha256)).run(); !ok)
      return tl::unexpected(ok.error());
    const std::string marks = fmt::format(
        "PRAGMA application_id={}; PRAGMA user_version={}; COMMIT;", kStoreId, kStoreVersion);
    if (auto ok = store->execute(marks); !ok) return tl::unexpected(ok.error());
    return store;
  }
  if (auto ok = check_store(*store, manifest_sha256); !ok) return tl::unexpected(ok.error());
  if (auto ok = store->execute("COMMIT"); !ok) return tl::unexpected(ok.error());
  return store;
}

Result<Database> open_finished_store(const std::string& path, const std::string& manifest_sha256) {
  auto store = Database::open(path, Database::Access::read);
  if (!store) return store;
  if (auto ok = check_store(*store, manifest_sha256); !ok) return tl::unexpected(ok.error());
  return store;
}

std::vector<EngineMark> marks_of(Database& store, int32_t pair, Side side) {
  std::vector<EngineMark> marks;
  auto rows =
      store.prepare("SELECT name, value FROM engine WHERE pair=? AND side=? ORDER BY place");
  if (!rows) return marks;
  rows->bind(1, int64_t{pair}).bind(2, std::string_view(side_word(side)));
  while (rows->step().value_or(false)) marks.push_back({rows->text(0), rows->text(1)});
  return marks;
}

Result<void> note_marks(Database& store, int32_t pair, Side side,
                        const std::vector<EngineMark>& marks) {
  const std::vector<EngineMark> known = marks_of(store, pair, side);
  if (known.empty()) {
    auto row = store.prepare("INSERT INTO engine VALUES(?,?,?,?,?)");
    if (!row) return tl::unexpected(row.error());
    for (size_t i = 0; i < marks.size(); ++i) {
      auto ok = row->bind(1, int64_t{pair})
                    .bind(2, std::string_view(side_word(side)))
                    .bind(3, static_cast<int64_t>(i))
                    .bind(4, std::string_view(marks[i].name))
                    .bind(5, std::string_view(marks[i].value))
                    .run();
      if (!ok) return ok;
    }
    return {};
  }
  if (known == marks) return {};
  std::string what = "it says other things about itself";
  for (size_t i = 0; i < std::min(known.size(), marks.size()); ++i) {
    if (known[i] == marks[i]) continue;
    what =
        fmt::format("{} was \"{}\" and is \"{}\"", known[i].name, known[i].value, marks[i].value);
    break;
  }
  return fail(ExitCode::usage, "the engine is not the one of the results so far: " + what,
              fmt::format("{} of pair {}, {}", side_word(side), pair, store.path()),
              "Results of two engines do not go together: run the suite anew in another folder.");
}

Result<ShardWriter> ShardWriter::open(const std::string& folder, const Manifest& manifest,
                                      int32_t shard, bool resume) {
  const std::string path = (fs::path(folder) / shard_file(shard, manifest.shards)).string();
  const std::string partial = path + ".partial";
  std::error_code failed;
  if (!resume && (fs::exists(path, failed) || fs::exists(partial, failed))) {
    return fail(ExitCode::usage, "there are results already",
                fs::exists(path, failed) ? path : partial,
                "Go on with --resume, give another folder with -o, or remove it.");
  }
  auto store = open_store(partial, manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  ShardWriter writer(*std::move(store), path, shard);
  const auto read = sqlite::for_each_row(
      writer.store_.prepare("SELECT pair, prompt FROM prompt"), [&](sqlite::Statement& row) {
        writer.done_.emplace(static_cast<int32_t>(row.integer(0)),
                             static_cast<int32_t>(row.integer(1)));
        return Result<void>();
      });
  if (!read) return tl::unexpected(read.error());
  return writer;
}

Result<void> ShardWriter::note_engines(int32_t pair, const EngineInfo& candidate,
                                       const EngineInfo& reference) {
  if (auto ok = store_.execute("BEGIN"); !ok) return ok;
  for (const auto& [side, info] :
       {std::pair{Side::candidate, &candidate}, {Side::reference, &reference}}) {
    if (auto ok = note_marks(store_, pair, side, engine_marks(*info)); !ok) return ok;
  }
  return store_.execute("COMMIT");
}

Result<void> ShardWriter::add(int32_t pair, const SuitePromptResult& result,
                              std::span<const PositionResult> positions) {
  if (auto ok = store_.execute("BEGIN"); !ok) return ok;
  auto row = store_.prepare("INSERT INTO prompt VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!row) return tl::unexpected(row.error());
  row->bind(1, int64_t{pair}).bind(2, int64_t{result.prompt});
  if (result.verdict) {
    row->bind(3, std::string_view(verdict_word(*result.verdict)));
  }
  if (result.error) {
    row->bind(4, int64_t{static_cast<int>(result.error->code)})
        .bind(5, std::string_view(result.error->what))
        .bind(6, std::string_view(result.error->where))
        .bind(7, std::string_view(result.error->hint));
  }
  row->bind(8, std::string_view(result.detail))
      .bind(9, int64_t{result.tokens})
      .bind(10, int64_t{result.positions})
      .bind(11, int64_t{result.identical})
      .bind(12, int64_t{result.same_top});
  if (result.flips) row->bind(13, result.flips->ties).bind(14, result.flips->decisive);
  if (result.first_divergence) row->bind(15, int64_t{*result.first_divergence});
  row->bind(16, result.lowest_cosine)
      .bind(17, result.max_abs_diff)
      .bind(18, result.largest_kl)
      .bind(19, result.seconds);
  if (auto ok = row->run(); !ok) return ok;

  auto line =
      store_.prepare("INSERT INTO position VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!line) return tl::unexpected(line.error());
  for (const PositionResult& p : positions) {
    const RowMetrics& m = p.metrics;
    line->bind(1, int64_t{pair})
        .bind(2, int64_t{result.prompt})
        .bind(3, int64_t{p.position})
        .bind(4, int64_t{p.id})
        .bind_blob(5, p.piece)
        .bind(6, int64_t{p.passed})
        .bind(7, int64_t{p.healthy})
        .bind(8, int64_t{m.identical})
        .bind(9, int64_t{p.decode})
        .bind(10, m.cosine)
        .bind(11, m.relative_l2)
        .bind(12, m.max_abs_diff)
        .bind(13, m.kl)
        .bind(14, int64_t{m.candidate_argmax})
        .bind(15, int64_t{m.reference_argmax});
    if (p.next) {
      line->bind(16, p.next->candidate).bind(17, p.next->reference);
    } else {
      line->bind_null(16).bind_null(17);
    }
    line->bind(18, m.reference_margin);
    if (p.floor) {
      line->bind(19, p.floor->noise).bind(20, int64_t{p.floor->decisive_flip});
    } else {
      line->bind_null(19).bind_null(20);
    }
    if (auto ok = line->run(); !ok) return ok;
  }
  if (auto ok = store_.execute("COMMIT"); !ok) return ok;
  done_.emplace(pair, result.prompt);
  return {};
}

Result<void> publish_store(Database& store, const std::string& path) {
  if (auto ok = store.execute("PRAGMA journal_mode=DELETE"); !ok) return ok;
  return rename_file(path + ".partial", path);
}

Result<void> ShardWriter::publish() {
  const auto digest = digest_of(store_);
  if (!digest) return tl::unexpected(digest.error());
  {
    auto row = store_.prepare("INSERT OR REPLACE INTO shard VALUES(?,?)");
    if (!row) return tl::unexpected(row.error());
    if (auto ok = row->bind(1, int64_t{shard_}).bind(2, std::string_view(*digest)).run(); !ok)
      return ok;
  }
  return publish_store(store_, path_);
}

}  // namespace crossval
