#include "report/text/suite.h"

#include <fmt/format.h>

#include "base/count_text.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr size_t kWorstPrompts = 10;  // of a pair, without --all

Tint tint_of(const std::string& word) {
  if (word == "IDENTICAL" || word == "MATCH") return Tint::good;
  return word == "DRIFT" || word == "ACCEPTED" ? Tint::warn : Tint::bad;
}

std::string figures_text(const SuitePairResult& pair, const Layout& layout) {
  const SuiteStatistics& s = pair.statistics;
  if (s.positions == 0) return {};
  std::string text = layout.labelled(
      "", fmt::format("{} of {}; the same most likely token: {}", counted(s.positions, "position"),
                      counted(s.prompts, "prompt"), shown_share(s.same_top)));
  if (s.flips) {
    text += layout.labelled("", fmt::format("flips of it: {}; decisive in {}",
                                            flips_text(s.flips->ties, s.flips->decisive),
                                            shown_share(s.decisive_share)));
  }
  if (s.scored > 0) {
    text += layout.labelled(
        "",
        fmt::format("perplexity {} and {}; ln of their ratio {}", shown_perplexity(s.candidate_nll),
                    shown_perplexity(s.reference_nll), shown_estimate(s.nll_difference)));
    text +=
        layout.labelled("", fmt::format("p of the next token: {} on average, {} RMS",
                                        shown_estimate(s.delta_p), distance_text(s.delta_p_rms)));
  }
  return text + layout.labelled(
                    "", fmt::format("KL {}; median {}, 90 % {}, 99 % {}, 99.9 % {}, largest {}",
                                    shown_estimate(s.kl), distance_text(s.kl_median),
                                    distance_text(s.kl_p90), distance_text(s.kl_p99),
                                    distance_text(s.kl_p999), distance_text(s.kl_max)));
}

std::string what_of(const SuitePromptResult& prompt) {
  if (prompt.error) return escaped(prompt.error->what);
  if (!prompt.detail.empty()) return escaped(prompt.detail);
  if (std::string text = standing_text(prompt); !text.empty()) return text;
  if (prompt.first_divergence) return fmt::format("from position {} on", *prompt.first_divergence);
  return {};
}

std::string two_by_two_text(const TwoByTwo& square, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = "\n" + layout.labelled("two by two", escaped(square.name), Tint::strong);
  text += layout.labelled("", escaped(two_by_two_scope(square)));
  if (square.positions > 0) {
    Table table({{"effect", false, 40},
                 {"mean", true},
                 {"95 % of it", true},
                 {"of a position, RMS", true}});
    for (const auto& [name, effect] : effects_of(square)) {
      table.add({{escaped(name)},
                 {shown_estimate(effect->mean)},
                 {shown_interval(*effect)},
                 {distance_text(effect->rms)}});
    }
    text += "\n" + table.text(layout) + "\n";
  }
  return text + layout.labelled("", two_by_two_sentence(square));
}

std::string worst_prompts(const SuiteResult& suite, const SuitePairResult& pair,
                          const TextOptions& options) {
  const auto worst = worst_first(pair);
  if (worst.empty()) return {};
  Table table({{"prompt", false, 40},
               {"is", false},
               {"same rows", true},
               {"cosine", true},
               {"largest KL", true},
               {"", false, 60}});
  const size_t shown = options.all ? worst.size() : std::min(worst.size(), kWorstPrompts);
  for (size_t i = 0; i < shown; ++i) {
    const SuitePromptResult& p = *worst[i];
    const std::string word = prompt_word(p);
    const bool rows = p.positions > 0;
    table.add({{escaped(suite.prompts[static_cast<size_t>(p.prompt)])},
               {word, tint_of(word)},
               {fmt::format("{}/{}", p.identical, p.positions)},
               {rows ? cosine_text(p.lowest_cosine) : "-"},
               {rows ? distance_text(p.largest_kl) : "-"},
               {what_of(p)}});
  }
  std::string text = "\n" + table.text(options.layout);
  if (shown < worst.size()) {
    text += options.layout.tinted(
        Tint::dim, fmt::format("and {}: --all shows them\n",
                               counted(static_cast<int64_t>(worst.size() - shown), "prompt")));
  }
  return text;
}

}  // namespace

std::string suite_text(const SuiteResult& suite, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("suite", escaped(suite.name), Tint::strong);
  text += layout.labelled("prompts", grouped(std::ssize(suite.prompts)));
  if (suite.shard)
    text += layout.labelled("shard", fmt::format("{} of {}, from 0", *suite.shard, suite.shards));
  for (const SuitePairResult& pair : suite.pairs) {
    const std::string word = pair_word(pair);
    text += "\n" + layout.labelled("pair", escaped(pair.name), Tint::strong);
    if (!pair.model.empty()) text += layout.labelled("model", escaped(pair.model));
    text += layout.labelled(
        "",
        fmt::format("{}: {} of {} pass", word, std::ssize(pair.prompts) - failed_prompts(pair),
                    pair.prompts.size()),
        tint_of(word));
    text += figures_text(pair, layout);
    for (const JudgedLimit& limit : pair.limits) {
      const bool broken = limit.state == LimitState::broken;
      text += layout.labelled(
          "limit",
          fmt::format("{}: {}", limit_sentence(limit), broken ? "BROKEN" : limit_word(limit.state)),
          broken ? Tint::bad : Tint::none);
    }
    text += worst_prompts(suite, pair, options);
  }
  for (const TwoByTwo& square : suite.two_by_two) text += two_by_two_text(square, options);
  for (const SuiteExplanation& explanation : suite.explanations) {
    text += "\n" + layout.labelled("explained",
                                   escaped(suite.pairs[explanation.pair].name + ", " +
                                           prompt_id(suite, explanation.prompt)),
                                   Tint::strong);
    text += layout.labelled("", explained_sentence(explanation));
    text += "  " + explain_command(suite, explanation) + "\n";
  }
  const std::string word = suite_headline(suite);
  text += "\n" + layout.tinted(tint_of(word), word) +
          layout.paragraph(word + ": " + suite_sentence(suite)).substr(word.size());
  if (!suite.baseline.empty()) {
    text += layout.labelled("baseline", suite.has_baseline
                                            ? escaped(suite.baseline)
                                            : "there is none yet at " + escaped(suite.baseline) +
                                                  ": crossval suite accept writes it");
  }
  return text + layout.labelled("results", escaped(suite.folder));
}

}  // namespace crossval
