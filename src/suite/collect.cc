#include "suite/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "suite/explained.h"
#include "suite/limits.h"
#include "suite/statistics.h"
#include "suite/store.h"
#include "suite/two_by_two.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::for_each_row;
using sqlite::Statement;

// Of one shard's prompts in a database of several.
std::string of_shard(const Manifest& manifest, int32_t shard) {
  return fmt::format("prompt % {} = {}", manifest.shards, shard);
}

Result<void> read_prompts_of(Database& store, const Manifest& manifest, int32_t shard,
                             SuiteResult& result) {
  return for_each_row(
      store.prepare(
          "SELECT pair, prompt, verdict, error_code, error_what, error_where, error_hint, detail, "
          "tokens, positions, identical, same_top, tie_flips, decisive_flips, first_divergence, "
          "lowest_cosine, max_abs_diff, largest_kl, seconds FROM prompt WHERE " +
          of_shard(manifest, shard) + " ORDER BY pair, prompt"),
      [&](Statement& row) -> Result<void> {
        const auto pair = static_cast<size_t>(row.integer(0));
        SuitePromptResult prompt;
        prompt.prompt = static_cast<int32_t>(row.integer(1));
        if (pair >= result.pairs.size() || row.integer(1) < 0 ||
            static_cast<size_t>(row.integer(1)) >= result.prompts.size()) {
          return fail(ExitCode::bad_input_file, "it has a pair or prompt that the manifest has not",
                      store.path());
        }
        if (row.is_null(3)) {
          prompt.verdict = verdict_of(row.text(2));
          if (!prompt.verdict) {
            return fail(ExitCode::bad_input_file,
                        "it has a verdict that is none: \"" + row.text(2) + "\"", store.path());
          }
        } else {
          prompt.error =
              Error{static_cast<ExitCode>(row.integer(3)), row.text(4), row.text(5), row.text(6)};
        }
        prompt.detail = row.text(7);
        prompt.tokens = static_cast<int32_t>(row.integer(8));
        prompt.positions = static_cast<int32_t>(row.integer(9));
        prompt.identical = static_cast<int32_t>(row.integer(10));
        prompt.same_top = static_cast<int32_t>(row.integer(11));
        if (!row.is_null(12))
          prompt.flips = SuiteFlips{.ties = row.integer(12), .decisive = row.integer(13)};
        if (!row.is_null(14)) prompt.first_divergence = static_cast<int32_t>(row.integer(14));
        prompt.lowest_cosine = row.number(15);
        prompt.max_abs_diff = row.number(16);
        prompt.largest_kl = row.number(17);
        prompt.seconds = row.number(18);
        result.pairs[pair].prompts.push_back(std::move(prompt));
        return {};
      });
}

std::optional<int32_t> score_from(const Manifest& manifest, int64_t prompt) {
  const auto i = static_cast<size_t>(prompt);
  return i < manifest.score_from.size() ? manifest.score_from[i] : std::nullopt;
}

Result<void> read_positions_of(Database& store, const Manifest& manifest, int32_t shard,
                               std::vector<PairStatistics>& statistics) {
  return for_each_row(
      store.prepare(
          "SELECT pair, prompt, kl, candidate_top, reference_top, candidate_next, reference_next, "
          "position, decisive_flip "
          "FROM position WHERE healthy AND kl IS NOT NULL AND " +
          of_shard(manifest, shard) + " ORDER BY pair, prompt, position"),
      [&](Statement& row) -> Result<void> {
        PositionSample sample{.kl = row.number(2), .same_top = row.integer(3) == row.integer(4)};
        if (!row.is_null(5) && !row.is_null(6)) {
          sample.candidate_next = row.number(5);
          sample.reference_next = row.number(6);
        }
        if (!row.is_null(8)) sample.decisive_flip = row.integer(8) != 0;
        const auto from = score_from(manifest, row.integer(1));
        if (from && (row.integer(7) < *from || !sample.candidate_next)) return {};
        statistics.at(static_cast<size_t>(row.integer(0)))
            .add(static_cast<int32_t>(row.integer(1)), sample);
        return {};
      });
}

// Positions whose next token all four runs gave a probability.
Result<void> read_scores_of(Database& store, const Manifest& manifest, int32_t shard,
                            const SuiteSquare& square, EffectStatistics& statistics) {
  auto rows = store.prepare(
      "SELECT f.prompt, f.reference_next, f.candidate_next, q.reference_next, q.candidate_next, "
      "f.healthy AND q.healthy, f.position FROM position f JOIN position q ON q.prompt = f.prompt "
      "AND "
      "q.position = f.position AND q.token = f.token WHERE f.pair = ? AND q.pair = ? AND f." +
      of_shard(manifest, shard) + " ORDER BY f.prompt, f.position");
  if (!rows) return tl::unexpected(rows.error());
  rows->bind(1, static_cast<int64_t>(square.pairs[0]))
      .bind(2, static_cast<int64_t>(square.pairs[1]));
  return for_each_row(std::move(rows), [&](Statement& row) -> Result<void> {
    const bool none = row.is_null(1) && row.is_null(2) && row.is_null(3) && row.is_null(4);
    if (none) return {};  // a prompt's last position
    if (row.integer(6) < score_from(manifest, row.integer(0)).value_or(0)) return {};
    if (row.integer(5) == 0 || row.is_null(1) || row.is_null(2) || row.is_null(3) ||
        row.is_null(4)) {
      statistics.leave_out();
      return {};
    }
    statistics.add(static_cast<int32_t>(row.integer(0)),
                   {{{row.number(1), row.number(2)}, {row.number(3), row.number(4)}}});
    return {};
  });
}

Result<void> note_shards_of(const std::string& path, const Manifest& manifest,
                            std::map<int32_t, FoundShard>& found) {
  auto store = open_finished_store(path, manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  return for_each_row(
      store->prepare("SELECT shard, digest FROM shard"), [&](Statement& row) -> Result<void> {
        const FoundShard shard{static_cast<int32_t>(row.integer(0)), path, row.text(1)};
        const auto [at, is_new] = found.emplace(shard.shard, shard);
        if (is_new || at->second.digest == shard.digest) return {};
        return fail(ExitCode::usage, fmt::format("shard {} has two different results", shard.shard),
                    at->second.path + " and " + path,
                    "Keep the one that is right and remove the other.");
      });
}

constexpr size_t kMostCloseups = 6;
constexpr int32_t kAround = 12;  // tokens on either side of the one that is looked at

// The runs that are worth a closer look, the farthest first.
std::vector<SuiteCloseup> farthest_runs(const SuiteResult& result) {
  std::vector<std::tuple<Verdict, double, SuiteCloseup>> runs;
  for (size_t pair = 0; pair < result.pairs.size(); ++pair) {
    for (const SuitePromptResult& run : result.pairs[pair].prompts) {
      if (!run.verdict || run.positions == 0 || *run.verdict == Verdict::identical) continue;
      runs.emplace_back(*run.verdict, -as_far(1 - run.lowest_cosine),
                        SuiteCloseup{.pair = pair, .prompt = run.prompt});
    }
  }
  std::ranges::sort(runs, {}, [](const auto& run) {
    const SuiteCloseup& c = std::get<2>(run);
    return std::tuple(std::get<0>(run), std::get<1>(run), c.pair, c.prompt);
  });
  std::vector<SuiteCloseup> closeups;
  for (auto& [verdict, distance, closeup] : runs) {
    const auto is_of_this = [&](const SuiteExplanation& e) {
      return e.pair == closeup.pair && e.prompt == closeup.prompt;
    };
    if (closeups.size() < kMostCloseups || std::ranges::any_of(result.explanations, is_of_this))
      closeups.push_back(std::move(closeup));
  }
  return closeups;
}

Result<void> look_closer(Database& store, std::optional<int32_t> first, SuiteCloseup& closeup) {
  const auto rows = [&](const char* what) {
    auto row = store.prepare(std::string("SELECT ") + what +
                             " FROM position WHERE pair = ? AND prompt = ? ORDER BY position");
    if (row) row->bind(1, static_cast<int64_t>(closeup.pair)).bind(2, int64_t{closeup.prompt});
    return row;
  };
  auto ok = for_each_row(rows("cosine"), [&](Statement& row) -> Result<void> {
    closeup.distances.push_back(1 - row.number(0));
    return {};
  });
  if (!ok) return ok;
  const auto farthest = std::ranges::max_element(closeup.distances, {}, as_far);
  const int32_t at = first.value_or(static_cast<int32_t>(farthest - closeup.distances.begin()));
  return for_each_row(rows("position, token, piece, passed"), [&](Statement& row) -> Result<void> {
    const auto position = static_cast<int32_t>(row.integer(0));
    if (position < at - kAround || position > at + kAround) return {};
    closeup.around.push_back(
        {position, static_cast<int32_t>(row.integer(1)), row.text(2), row.integer(3) != 0});
    return {};
  });
}

std::optional<int32_t> first_divergence_of(const SuiteResult& result, const SuiteCloseup& closeup) {
  const auto& runs = result.pairs[closeup.pair].prompts;
  const auto at = std::ranges::find(runs, closeup.prompt, &SuitePromptResult::prompt);
  return at == runs.end() ? std::nullopt : at->first_divergence;
}

}  // namespace

Result<FoundShards> find_shards(const Manifest& manifest, std::span<const std::string> folders) {
  std::map<int32_t, FoundShard> found;
  FoundShards shards;
  for (const std::string& folder : folders) {
    const auto own = read_manifest(folder);
    if (!own) return tl::unexpected(own.error());
    if (own->sha256 != manifest.sha256) {
      return fail(ExitCode::usage, "the folder holds results of another manifest", folder,
                  "Results of two states of a suite do not go together.");
    }
    std::error_code failed;
    for (int32_t i = 0; i < manifest.shards; ++i) {
      const std::string path = (fs::path(folder) / shard_file(i, manifest.shards)).string();
      if (fs::exists(path, failed)) {
        if (auto ok = note_shards_of(path, manifest, found); !ok) return tl::unexpected(ok.error());
      } else if (fs::exists(path + ".partial", failed)) {
        shards.unfinished.push_back(path + ".partial");
      }
    }
    const std::string all = (fs::path(folder) / kAllShards).string();
    if (!fs::exists(all, failed)) continue;
    if (auto ok = note_shards_of(all, manifest, found); !ok) return tl::unexpected(ok.error());
  }
  for (int32_t i = 0; i < manifest.shards; ++i) {
    const auto at = found.find(i);
    if (at == found.end()) {
      shards.missing.push_back(i);
    } else {
      shards.shards.push_back(at->second);
    }
  }
  return shards;
}

Result<void> merge_shards(const Manifest& manifest, std::span<const std::string> folders) {
  const auto found = find_shards(manifest, folders);
  if (!found) return tl::unexpected(found.error());
  const std::string path = (fs::path(folders.front()) / kAllShards).string();
  const std::string partial = path + ".partial";
  std::error_code failed;
  fs::remove(partial, failed);
  auto store = open_store(partial, manifest.sha256);
  if (!store) return tl::unexpected(store.error());
  for (const FoundShard& shard : found->shards) {
    auto source = open_finished_store(shard.path, manifest.sha256);
    if (!source) return tl::unexpected(source.error());
    for (int32_t pair = 0; pair < std::ssize(manifest.pairs); ++pair) {
      for (const Side side : {Side::candidate, Side::reference}) {
        const auto marks = marks_of(*source, pair, side);
        if (marks.empty()) continue;
        auto ok = note_marks(*store, pair, side, marks);
        if (!ok) {
          Error error = ok.error();
          error.where = shard.path;
          return tl::unexpected(error);
        }
      }
    }
    const std::string of = of_shard(manifest, shard.shard);
    auto attach = store->prepare("ATTACH ? AS source");
    if (!attach) return tl::unexpected(attach.error());
    if (auto ok = attach->bind(1, std::string_view(shard.path)).run(); !ok) return ok;
    auto copied = store->execute(fmt::format(
        "BEGIN; INSERT INTO prompt SELECT * FROM source.prompt WHERE {0} ORDER BY pair, prompt;"
        "INSERT INTO position SELECT * FROM source.position WHERE {0} ORDER BY pair, prompt, "
        "position;"
        "INSERT INTO shard SELECT * FROM source.shard WHERE shard = {1}; COMMIT; DETACH source;",
        of, shard.shard));
    if (!copied) return copied;
  }
  return publish_store(*store, path);
}

Result<SuiteResult> collect_results(const Manifest& manifest, const std::string& folder,
                                    std::optional<int32_t> only) {
  auto found = find_shards(manifest, {&folder, 1});
  if (!found) return tl::unexpected(found.error());
  if (only) {
    std::erase_if(found->shards, [&](const FoundShard& shard) { return shard.shard != *only; });
    std::erase_if(found->missing, [&](int32_t shard) { return shard != *only; });
  }
  SuiteResult result;
  result.shard = only;
  result.name = manifest.name;
  result.folder = folder;
  result.manifest_sha256 = manifest.sha256;
  result.prompts = manifest.prompts;
  result.kinds = manifest.kinds;
  result.shards = manifest.shards;
  result.missing = found->missing;
  for (const SuitePair& pair : manifest.pairs) {
    SuitePairResult entry;
    entry.name = pair.name;
    entry.candidate = pair.candidate;
    entry.reference = pair.reference;
    entry.tokenizer = pair.tokenizer;
    entry.model = pair.model;
    entry.require = pair.require;
    entry.floor = pair.floor;
    entry.cos_tol = pair.cos_tol;
    entry.logprob_tol = pair.logprob_tol;
    entry.max_tokens = pair.max_tokens;
    result.pairs.push_back(std::move(entry));
  }
  std::vector<PairStatistics> statistics(result.pairs.size());
  std::vector<EffectStatistics> effects(manifest.two_by_two.size());
  for (const FoundShard& shard : found->shards) {
    auto store = open_finished_store(shard.path, manifest.sha256);
    if (!store) return tl::unexpected(store.error());
    if (auto ok = read_prompts_of(*store, manifest, shard.shard, result); !ok)
      return tl::unexpected(ok.error());
    if (auto ok = read_positions_of(*store, manifest, shard.shard, statistics); !ok)
      return tl::unexpected(ok.error());
    for (size_t i = 0; i < effects.size(); ++i) {
      auto ok = read_scores_of(*store, manifest, shard.shard, manifest.two_by_two[i], effects[i]);
      if (!ok) return tl::unexpected(ok.error());
    }
    for (size_t i = 0; i < result.pairs.size(); ++i) {
      SuitePairResult& pair = result.pairs[i];
      for (const auto& [side, marks] : {std::pair{Side::candidate, &pair.candidate_marks},
                                        {Side::reference, &pair.reference_marks}}) {
        if (marks->empty()) *marks = marks_of(*store, static_cast<int32_t>(i), side);
      }
    }
  }
  for (size_t i = 0; i < result.pairs.size(); ++i) {
    std::ranges::sort(result.pairs[i].prompts, {}, &SuitePromptResult::prompt);
    result.pairs[i].statistics = statistics[i].finish();
    result.pairs[i].limits =
        judge_limits(manifest.pairs[i].limits, result.pairs[i].statistics, result.whole());
  }
  auto explanations = read_explanations(manifest, result);
  if (!explanations) return tl::unexpected(explanations.error());
  result.explanations = *std::move(explanations);
  result.closeups = farthest_runs(result);
  for (SuiteCloseup& closeup : result.closeups) {
    const int32_t shard = closeup.prompt % manifest.shards;
    const auto at = std::ranges::find(found->shards, shard, &FoundShard::shard);
    auto store = open_finished_store(at->path, manifest.sha256);
    if (!store) return tl::unexpected(store.error());
    auto ok = look_closer(*store, first_divergence_of(result, closeup), closeup);
    if (!ok) return tl::unexpected(ok.error());
  }
  for (size_t i = 0; i < effects.size(); ++i) {
    const SuiteSquare& square = manifest.two_by_two[i];
    TwoByTwo entry{.name = square.name, .engines = square.engines, .models = square.models};
    effects[i].finish(entry);
    result.two_by_two.push_back(std::move(entry));
  }
  return result;
}

}  // namespace crossval
