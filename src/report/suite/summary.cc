#include "report/suite/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "base/count_text.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr size_t kMostShardsNamed = 20;

std::string shards_named(const std::vector<int32_t>& shards) {
  const auto named = std::span(shards).first(std::min(shards.size(), kMostShardsNamed));
  return fmt::format("{}{}", fmt::join(named, ", "), named.size() < shards.size() ? ", …" : "");
}

// "2 DIVERGED, 1 ERROR": those that do not pass, the worst first.
std::string failures_text(const SuiteResult& suite) {
  std::map<int, std::pair<std::string, int64_t>> by_rank;
  for (const SuitePairResult& pair : suite.pairs) {
    for (const SuitePromptResult& prompt : pair.prompts) {
      if (passed(prompt)) continue;
      auto& [word, count] = by_rank[badness_rank(prompt)];
      word = prompt_word(prompt);
      ++count;
    }
  }
  std::vector<std::string> parts;
  parts.reserve(by_rank.size());
  for (const auto& [rank, part] : by_rank)
    parts.push_back(fmt::format("{} {}", grouped(part.second), part.first));
  int64_t broken = 0;
  for (const SuitePairResult& pair : suite.pairs)
    broken += std::ranges::count(pair.limits, LimitState::broken, &JudgedLimit::state);
  if (broken > 0) parts.push_back(counted(broken, "limit") + " broken");
  return fmt::format("{}", fmt::join(parts, ", "));
}

constexpr int verdict_rank(Verdict verdict) { return 2 + 3 * static_cast<int>(verdict); }
constexpr int kBeyondLimitsRank = verdict_rank(Verdict::diverged) + 2;

// That of its worst run, or of a broken limit; none without a run.
std::optional<int> pair_rank(const SuitePairResult& pair) {
  const auto worst = std::ranges::min_element(pair.prompts, {}, badness_rank);
  if (worst == pair.prompts.end()) return std::nullopt;
  const int rank = badness_rank(*worst);
  return pair.breaks_limits() ? std::min(rank, kBeyondLimitsRank) : rank;
}

std::string share_percent(double share) {
  return fmt::format("{:.2f} %", std::floor(share * 1e4 + 1e-9) / 100);
}

}  // namespace

std::string prompt_id(const SuiteResult& suite, int32_t prompt) {
  const auto i = static_cast<size_t>(prompt);
  return prompt >= 0 && i < suite.prompts.size() ? suite.prompts[i]
                                                 : fmt::format("prompt {}", prompt);
}

PromptKind prompt_kind(const SuiteResult& suite, int32_t prompt) {
  const auto i = static_cast<size_t>(prompt);
  return prompt >= 0 && i < suite.kinds.size() ? suite.kinds[i] : PromptKind::text;
}

std::string prompt_word(const SuitePromptResult& prompt) {
  if (prompt.error || !prompt.verdict) return "ERROR";
  if (prompt.standing == Standing::accepted) return "ACCEPTED";
  return prompt.standing == Standing::worse ? "WORSE" : verdict_word(*prompt.verdict);
}

std::string pair_word(const SuitePairResult& pair) {
  const auto worst = std::ranges::min_element(pair.prompts, {}, badness_rank);
  if (worst == pair.prompts.end()) return "NOT-RUN";
  return pair_rank(pair) == kBeyondLimitsRank ? kBeyondLimits : prompt_word(*worst);
}

std::string suite_word(const SuiteResult& suite) {
  const SuitePairResult* worst = nullptr;
  bool passes = true;
  for (const SuitePairResult& pair : suite.pairs) {
    const auto rank = pair_rank(pair);
    passes = passes && failed_prompts(pair) == 0 && !pair.breaks_limits();
    if (rank && (worst == nullptr || *rank < *pair_rank(*worst))) worst = &pair;
  }
  if (worst == nullptr || (passes && !suite.complete())) return "INCOMPLETE";
  return pair_word(*worst);
}

bool passed(const SuitePromptResult& prompt) { return exit_code(prompt) == ExitCode::ok; }

std::string result_sentence(const SuitePromptResult& prompt) {
  std::vector<std::string> parts;
  if (prompt.error) {
    std::string what = printable(prompt.error->what);
    if (!prompt.error->where.empty()) what += " (" + printable(prompt.error->where) + ")";
    parts.push_back(what);
    if (!prompt.error->hint.empty()) parts.push_back(printable(prompt.error->hint));
  }
  if (!prompt.error && !prompt.verdict) parts.emplace_back("its result has no verdict");
  if (!prompt.detail.empty()) parts.push_back(printable(prompt.detail));
  if (const std::string text = standing_text(prompt); !text.empty()) parts.push_back(text);
  if (prompt.first_divergence)
    parts.push_back(fmt::format("first divergence at position {}", *prompt.first_divergence));
  if (prompt.positions > 0) {
    const std::string flips =
        prompt.flips && prompt.same_top < prompt.positions
            ? fmt::format(" (flips: {})", flips_text(prompt.flips->ties, prompt.flips->decisive))
            : "";
    parts.push_back(fmt::format(
        "{} of {} positions have the same most likely token{}, lowest cosine {}, largest KL {}",
        prompt.same_top, prompt.positions, flips, cosine_text(prompt.lowest_cosine),
        distance_text(prompt.largest_kl)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string limit_sentence(const JudgedLimit& limit) {
  const auto figure = limit.limit.figure;
  const bool count = figure == LimitedFigure::decisive_flips;
  const bool share = figure == LimitedFigure::same_top;
  const auto shown = [&](double value) -> std::string {
    if (std::isnan(value)) return "-";
    if (count) return grouped(static_cast<int64_t>(value));
    return share ? share_percent(value) : distance_text(value);
  };
  return fmt::format("{} {}, at {} {}", named(figure).name, shown(limit.value),
                     share ? "least" : "most", shown(limit.limit.limit));
}

const char* limit_word(LimitState state) {
  if (state == LimitState::kept) return "kept";
  return state == LimitState::broken ? "broken" : "not-judged";
}

const char* limit_key(const JudgedLimit& limit) { return named(limit.limit.figure).key; }

const SuiteExplanation* explanation_of(const SuiteResult& suite, size_t pair, int32_t prompt) {
  for (const SuiteExplanation& explanation : suite.explanations) {
    if (explanation.pair == pair && explanation.prompt == prompt) return &explanation;
  }
  return nullptr;
}

std::string explained_sentence(const SuiteExplanation& explanation) {
  return printable(fmt::format("{} at position {}: {}",
                               explanation.verdict.empty() ? "not explained" : explanation.verdict,
                               explanation.position, explanation.sentence));
}

std::string standing_text(const SuitePromptResult& prompt) {
  if (!prompt.limit || !prompt.verdict) return {};
  const char* verdict = verdict_word(*prompt.verdict);
  if (prompt.standing == Standing::accepted) return fmt::format("{}, as accepted", verdict);
  if (prompt.standing != Standing::worse) return {};
  return fmt::format(
      "{}, and accepted were cosine {}, largest KL {} and {}", verdict,
      cosine_text(1 - prompt.limit->distance), distance_text(prompt.limit->largest_kl),
      counted(prompt.limit->other_top, "position") + " with another most likely token");
}

std::vector<int32_t> prompts_in(const SuiteResult& suite) {
  std::vector<int32_t> prompts;
  for (int32_t i = 0; i < std::ssize(suite.prompts); ++i) {
    if (!suite.shard || is_of_shard(static_cast<size_t>(i), *suite.shard, suite.shards))
      prompts.push_back(i);
  }
  return prompts;
}

std::vector<int32_t> not_run_of(const SuiteResult& suite, const SuitePairResult& pair) {
  const std::set<int32_t> missing(suite.missing.begin(), suite.missing.end());
  std::vector<bool> there(suite.prompts.size());
  for (const SuitePromptResult& prompt : pair.prompts) {
    const auto i = static_cast<size_t>(prompt.prompt);
    if (prompt.prompt >= 0 && i < there.size()) there[i] = true;
  }
  std::vector<int32_t> not_run = prompts_in(suite);
  std::erase_if(not_run, [&](int32_t i) {
    return there[static_cast<size_t>(i)] || missing.contains(i % std::max(suite.shards, 1));
  });
  return not_run;
}

SuiteCounts counts_of(const SuiteResult& suite, const SuitePairResult& pair) {
  SuiteCounts counts;
  for (const SuitePromptResult& prompt : pair.prompts) {
    if (passed(prompt)) {
      ++counts.passed;
    } else if (prompt.error || !prompt.verdict) {
      ++counts.errors;
    } else {
      ++counts.failed;
    }
  }
  counts.not_run = std::max<int64_t>(0, std::ssize(prompts_in(suite)) - std::ssize(pair.prompts));
  return counts;
}

SuiteCounts counts_of(const SuiteResult& suite) {
  SuiteCounts all;
  for (const SuitePairResult& pair : suite.pairs) {
    const SuiteCounts counts = counts_of(suite, pair);
    all.passed += counts.passed;
    all.failed += counts.failed;
    all.errors += counts.errors;
    all.not_run += counts.not_run;
  }
  return all;
}

int32_t failed_prompts(const SuitePairResult& pair) {
  return static_cast<int32_t>(
      std::ranges::count_if(pair.prompts, [](const auto& p) { return !passed(p); }));
}

bool passed(const SuiteResult& suite) {
  const SuiteCounts counts = counts_of(suite);
  return suite.complete() && counts.all() > 0 && counts.passed == counts.all() &&
         std::ranges::none_of(suite.pairs, &SuitePairResult::breaks_limits);
}

std::string suite_headline(const SuiteResult& suite) {
  const SuiteCounts counts = counts_of(suite);
  std::string word = counts.errors > 0 ? "ERROR" : suite_word(suite);
  if (suite.complete() && counts.not_run == 0 && counts.all() > 0) return word;
  const bool fails = counts.failed + counts.errors > 0;
  return fails ? "INCOMPLETE, " + word : "INCOMPLETE";
}

std::string suite_sentence(const SuiteResult& suite) {
  const SuiteCounts counts = counts_of(suite);
  if (counts.all() == 0) return "There is nothing to compare.";
  std::string text;
  if (suite.shard) text = fmt::format("Of shard {} of {} alone. ", *suite.shard, suite.shards);
  if (!suite.complete()) {
    text += fmt::format("{} of {} shards {} no result ({}). ", suite.missing.size(), suite.shards,
                        suite.missing.size() == 1 ? "has" : "have", shards_named(suite.missing));
  }
  if (counts.not_run > 0) {
    text += fmt::format("{} of {} {} not been done. ", grouped(counts.not_run),
                        counted(counts.all(), "run"), counts.not_run == 1 ? "has" : "have");
  }
  const int64_t done = counts.all() - counts.not_run;
  if (done == 0) return text + "Nothing can be said yet.";
  if (counts.not_run > 0 || !suite.complete()) text += "Until now ";
  text += fmt::format("{} of {} {}", grouped(counts.passed), counted(done, "run"),
                      counts.passed == 1 ? "passes" : "pass");
  const std::string failures = failures_text(suite);
  return text + (failures.empty() ? "." : "; " + failures + ".");
}

std::vector<const SuitePromptResult*> worst_first(const SuitePairResult& pair) {
  std::vector<const SuitePromptResult*> prompts;
  for (const SuitePromptResult& prompt : pair.prompts) {
    if (prompt.error || prompt.verdict != Verdict::identical) prompts.push_back(&prompt);
  }
  std::ranges::sort(prompts, {}, [](const SuitePromptResult* prompt) {
    return std::tuple(badness_rank(*prompt), -as_far(1 - prompt->lowest_cosine), prompt->prompt);
  });
  return prompts;
}

int badness_rank(const SuitePromptResult& prompt) {
  if (prompt.error) return 0;
  if (!prompt.verdict) return 1;
  if (prompt.standing == Standing::worse) return verdict_rank(Verdict::diverged) + 1;
  if (prompt.standing == Standing::accepted) return verdict_rank(Verdict::drift) + 1;
  return verdict_rank(*prompt.verdict);
}

std::vector<SuiteRun> runs_worst_first(const SuiteResult& suite) {
  std::vector<SuiteRun> runs;
  for (const SuitePairResult& pair : suite.pairs) {
    for (const SuitePromptResult& prompt : pair.prompts) runs.push_back({&pair, &prompt});
  }
  std::ranges::sort(runs, {}, [&](const SuiteRun& run) {
    const SuitePromptResult& prompt = *run.prompt;
    return std::tuple(badness_rank(prompt), -as_far(1 - prompt.lowest_cosine),
                      -as_far(prompt.largest_kl), run.pair - suite.pairs.data(), prompt.prompt);
  });
  return runs;
}

std::string error_word(ExitCode code) {
  switch (code) {
    case ExitCode::ok:
      return "ok";
    case ExitCode::diverged:
      return "diverged";
    case ExitCode::tokens_differ:
      return "tokens-differ";
    case ExitCode::unhealthy:
      return "unhealthy";
    case ExitCode::engine_failed:
      return "engine-failed";
    case ExitCode::bad_input_file:
      return "bad-input-file";
    case ExitCode::settings_differ:
      return "settings-differ";
    case ExitCode::usage:
      return "usage";
    case ExitCode::internal:
      return "internal";
    case ExitCode::cannot_write:
      return "cannot-write";
    case ExitCode::again:
      return "again";
    case ExitCode::interrupted:
      return "interrupted";
  }
  return "unknown";
}

std::string two_by_two_sentence(const TwoByTwo& square) {
  if (square.positions == 0) return "No position was scored by all four runs: nothing can be said.";
  const double engine = std::max(square.engine[0].rms, square.engine[1].rms);
  const double quantised = std::max(square.quantisation[0].rms, square.quantisation[1].rms);
  if (engine == 0) {
    return quantised == 0 ? "All four runs say the same."
                          : "The engines say the same on both models: all of it is the model.";
  }
  if (quantised == 0) return "The models say the same in both engines: all of it is the engine.";
  const double ratio = quantised / engine;
  if (ratio >= 3) {
    return fmt::format("The quantisation moves a position {:.3g} times as far as the engine does.",
                       ratio);
  }
  if (ratio <= 1.0 / 3) {
    return fmt::format("The engine moves a position {:.3g} times as far as the quantisation does.",
                       1 / ratio);
  }
  return "Engine and quantisation move a position about as far.";
}

std::string two_by_two_scope(const TwoByTwo& square) {
  std::string text =
      fmt::format("{} less {}, {} less {}: ln of the perplexity, of {} of {}", square.engines[1],
                  square.engines[0], square.models[1], square.models[0],
                  counted(square.positions, "position"), counted(square.prompts, "prompt"));
  if (square.left_out > 0)
    text += fmt::format("; {} left out", counted(square.left_out, "position"));
  return text;
}

std::vector<NamedEffect> effects_of(const TwoByTwo& square) {
  const auto& [first, second] = square.engines;
  const auto& [full, quantised] = square.models;
  return {{"the engine, on " + full, &square.engine[0]},
          {"the engine, on " + quantised, &square.engine[1]},
          {"the model, in " + first, &square.quantisation[0]},
          {"the model, in " + second, &square.quantisation[1]},
          {"interaction", &square.interaction},
          {"both", &square.whole}};
}

std::string shown_estimate(const Estimate& estimate) {
  if (std::isnan(estimate.value)) return "-";
  const std::string value = distance_text(estimate.value);
  return std::isnan(estimate.error) ? value : value + " ± " + distance_text(estimate.error);
}

std::string shown_interval(const Effect& effect) {
  if (std::isnan(effect.low)) return "-";
  return distance_text(effect.low) + " … " + distance_text(effect.high);
}

std::string shown_perplexity(const Estimate& nll) {
  if (std::isnan(nll.value)) return "-";
  const double perplexity = std::exp(nll.value);
  const std::string value = fmt::format("{:.5g}", perplexity);
  return std::isnan(nll.error) ? value : fmt::format("{} ± {:.2g}", value, perplexity * nll.error);
}

std::string shown_flips(const std::optional<SuiteFlips>& flips) {
  return flips ? grouped(flips->ties) + " + " + grouped(flips->decisive) : "-";
}

std::string shown_share(const Estimate& share) {
  if (std::isnan(share.value)) return "-";
  const std::string value = share_percent(share.value);
  return std::isnan(share.error) ? value : fmt::format("{} ± {:.2f}", value, share.error * 100);
}

}  // namespace crossval
