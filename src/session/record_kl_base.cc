#include "session/record_kl_base.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "gate/health.h"
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

// What stands in place of each chunk's first token; nothing where the tokenizer adds none.
Result<std::optional<TokenId>> bos_of(Engine& engine) {
  if (!engine.info().settings.add_bos) return std::nullopt;
  const auto ids = engine.tokenize("a", {.add_special = true, .parse_special = false});
  if (!ids) return tl::unexpected(ids.error());
  return ids->front();
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
  const auto bos = bos_of(engine);
  if (!bos) return tl::unexpected(bos.error());
  auto writer = KlBaseWriter::create(plan.path, plan.chunk, info.settings.n_vocab, *ids);
  if (!writer) return tl::unexpected(writer.error());
  observer.phase("evaluate");
  const auto total = static_cast<int32_t>(ids->size());
  for (int32_t start = 0; start < total; start += plan.chunk) {
    std::vector<TokenId> chunk(ids->begin() + start, ids->begin() + start + plan.chunk);
    if (*bos) chunk.front() = **bos;
    std::optional<HealthFinding> ill;
    Result<void> written;
    const auto done = engine.evaluate({.ids = chunk}, [&](int32_t position, const Row& row) {
      observer.progress(start + position + 1, total);
      if (position < kl_base::first_row(plan.chunk) || position == plan.chunk - 1)
        return !stop.stop_requested();
      ill = check_row(Side::candidate, position, row, info.settings.n_vocab);
      if (!ill) written = (*writer)->put_row(row.logits);
      return !ill && written && !stop.stop_requested();
    });
    if (!done) return tl::unexpected(done.error());
    if (ill) {
      return unhealthy_logits(
          *ill, fmt::format("engine {}, chunk {}", info.identity.name, start / plan.chunk));
    }
    if (!written) return tl::unexpected(written.error());
    if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  }
  if (auto ok = (*writer)->finish(); !ok) return tl::unexpected(ok.error());
  Recording result;
  result.engine = info;
  result.prompt = prompt_record(plan.prompt);
  result.warnings = all_warnings(plan.prompt, engine);
  result.path = plan.path;
  result.bytes = (*writer)->bytes();
  result.rows = RowContent::top;
  result.prompt_positions = total;
  result.chunks = total / plan.chunk;
  result.tokens = *std::move(ids);
  return result;
}

}  // namespace crossval
