#include "session/compare_by_text.h"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <vector>

#include "compare/text_alignment.h"
#include "compare/top_metrics.h"
#include "gate/health.h"
#include "session/lockstep.h"
#include "session/tokenise.h"

namespace crossval {
namespace {

Result<void> check_sides(const TokenComparison& tokens, const EnginePair& engines) {
  if (tokens.candidate.prompt.text != tokens.reference.prompt.text) {
    return fail(ExitCode::usage, "the two sides have different texts", "--align text",
                "Give both the same, e.g. with --prompt-template raw.");
  }
  for (const Side side : {Side::candidate, Side::reference}) {
    if (rows_of(engines.of(side).info().settings) != RowContent::hashes) continue;
    return fail(ExitCode::usage, "it gives hashes of its rows, which have no probabilities",
                engine_label(engines, side), "Record it without --hashes.");
  }
  return {};
}

// ln p of each token but the first, which stays NaN.
Result<std::vector<double>> score(Side side, Engine& engine, const std::vector<TokenId>& ids,
                                  const std::stop_token& stop) {
  if (auto ok = check_ids(engine, ids, ExitCode::engine_failed); !ok)
    return tl::unexpected(ok.error());
  std::vector<double> scores(ids.size(), std::numeric_limits<double>::quiet_NaN());
  if (ids.size() == 1) return scores;
  std::optional<HealthFinding> ill;
  const std::span<const TokenId> seen = std::span(ids).first(ids.size() - 1);
  const auto done = engine.evaluate({.ids = seen}, [&](int32_t position, const Row& row) {
    ill = check_row(side, position, row, engine.info().settings.n_vocab);
    if (ill || stop.stop_requested()) return false;
    const auto next = static_cast<size_t>(position) + 1;
    scores[next] = log_probability_of({row.logits, row.top}, ids[next]);
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  if (ill) return unhealthy_logits(*ill, "engine " + engine.info().identity.name);
  return scores;
}

}  // namespace

Result<TextAlignment> compare_by_text(const PromptPair& prompts, const PairFacts& facts,
                                      const EnginePair& engines, double logprob_tol,
                                      const std::stop_token& stop) {
  const auto tokens = compare_tokens(prompts, facts, engines);
  if (!tokens) return tl::unexpected(tokens.error());
  if (auto ok = check_sides(*tokens, engines); !ok) return tl::unexpected(ok.error());
  std::vector<double> scores[2];
  const auto work = [&](Side side, Engine& engine) -> Result<Outcome> {
    const bool first = side == Side::candidate;
    auto made = score(side, engine, (first ? tokens->candidate : tokens->reference).ids, stop);
    if (!made) return tl::unexpected(made.error());
    scores[first ? 0 : 1] = *std::move(made);
    return Outcome::complete;
  };
  const auto done = run_both(engines, work, [] {});
  if (auto running = check_stop(stop); !running) return tl::unexpected(running.error());
  if (!done) return tl::unexpected(done.error());
  TextAlignment result;
  result.candidate = engines.candidate.info();
  result.reference = engines.reference.info();
  result.prompt = tokens->reference.prompt;
  result.warnings = tokens->warnings;
  result.candidate_tokens = static_cast<int32_t>(tokens->candidate.ids.size());
  result.reference_tokens = static_cast<int32_t>(tokens->reference.ids.size());
  result.logprob_tol = logprob_tol;
  result.segments =
      align_text({tokens->candidate.ranges, scores[0]}, {tokens->reference.ranges, scores[1]});
  if (result.segments.empty()) {
    return fail(ExitCode::usage, "the text has no two places at which tokens of both sides end",
                "--align text", "Give a longer text.");
  }
  sum_up(result);
  return result;
}

}  // namespace crossval
