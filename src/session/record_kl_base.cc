#include "session/record_kl_base.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "gate/health.h"
#include "recording/prompt_chunks.h"
#include "rowfiles/kl_base.h"
#include "rowfiles/kl_base_writer.h"
#include "session/lockstep.h"
#include "session/prompt_record.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

Result<void> check(const KlBasePlan& plan, const EngineInfo& engine) {
  const std::string where = "engine " + engine.identity.name;
  if (rows_of(engine.settings) != RowContent::logits || !engine.capabilities.all_logits)
    return fail(ExitCode::usage, "the engine cannot give every logit of each position", where);
  if (engine.settings.add_eos) {
    return fail(ExitCode::usage,
                "the model's tokenizer adds EOS, and llama-perplexity takes no such model", where);
  }
  if (plan.chunk < kl_base::kShortestChunk) {
    return fail(ExitCode::usage,
                fmt::format("a chunk of {} positions has no rows to write", plan.chunk), {},
                fmt::format("Give -c {} or more.", kl_base::kShortestChunk));
  }
  if (plan.chunk > engine.settings.n_ctx) {
    return fail(ExitCode::usage,
                fmt::format("a chunk of {} positions does not fit into the context of {}",
                            plan.chunk, engine.settings.n_ctx),
                where, "Give a smaller -c.");
  }
  return {};
}

// The tokens of whole chunks.
Result<std::vector<TokenId>> ids_of_chunks(const KlBasePlan& plan, Engine& engine) {
  auto ids = prompt_ids(plan.prompt, engine);
  if (!ids) return ids;
  if (auto ok = check_ids(engine, *ids, ExitCode::usage); !ok) return tl::unexpected(ok.error());
  const auto chunk = static_cast<size_t>(plan.chunk);
  if (ids->size() < chunk) {
    return fail(ExitCode::usage,
                fmt::format("the prompt has {} tokens, and a chunk {}", ids->size(), chunk), {},
                "Give more text, or a smaller -c.");
  }
  ids->resize(ids->size() / chunk * chunk);
  return ids;
}

}  // namespace

Result<Recording> record_kl_base(const KlBasePlan& plan, Engine& engine, PerTokenObserver& observer,
                                 const std::stop_token& stop) {
  const EngineInfo& info = engine.info();
  if (auto ok = check(plan, info); !ok) return tl::unexpected(ok.error());
  auto ids = ids_of_chunks(plan, engine);
  if (!ids) return tl::unexpected(ids.error());
  auto writer = KlBaseWriter::create(plan.path, plan.chunk, info.settings.n_vocab, *ids);
  if (!writer) return tl::unexpected(writer.error());
  observer.phase("evaluate");
  const auto total = static_cast<int32_t>(ids->size());
  const PromptChunks chunks{.length = plan.chunk,
                            .first_row = kl_base::first_row(plan.chunk),
                            .rows = kl_base::rows(plan.chunk),
                            .bos_in_place = true,
                            .ids = *ids};
  const int32_t rows = chunks.count() * chunks.rows;
  Result<void> written;
  const auto done = evaluate_chunks(engine, chunks, rows, [&](int32_t i, const Row& row) {
    observer.progress(i + 1, rows);
    const auto ill =
        check_row(Side::candidate, chunks.first_row + i % chunks.rows, row, info.settings.n_vocab);
    if (ill) {
      written = unhealthy_logits(
          *ill, fmt::format("engine {}, chunk {}", info.identity.name, i / chunks.rows));
      return false;
    }
    written = (*writer)->put_row(row.logits);
    return written && !stop.stop_requested();
  });
  if (!done) return tl::unexpected(done.error());
  if (!written) return tl::unexpected(written.error());
  if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  if (auto ok = (*writer)->finish(); !ok) return tl::unexpected(ok.error());
  Recording result;
  result.engine = info;
  result.prompt = prompt_record(plan.prompt);
  result.warnings = all_warnings(plan.prompt, engine);
  result.path = plan.path;
  result.bytes = (*writer)->bytes();
  result.rows = RowContent::top;
  result.prompt_positions = total;
  result.chunks = chunks.count();
  result.tokens = *std::move(ids);
  return result;
}

}  // namespace crossval
