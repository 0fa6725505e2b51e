#include "report/html/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "base/count_text.h"
#include "report/html/chart.h"
#include "report/html/escape.h"
#include "report/html/page.h"
#include "report/html/tokens.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"

namespace crossval {
namespace {

constexpr int kLongestShown = 100;  // columns of a name; commands have the whole of it

std::string name_cell(std::string_view text) {
  return html_escaped(fitted(printable(text), kLongestShown));
}

std::string scrolled_table(std::string_view label, std::string_view heads, std::string_view rows) {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table "
      "aria-label=\"{0}\">\n<thead><tr>{1}</tr></thead>\n<tbody>\n{2}</tbody></table></div>\n",
      html_escaped(label), heads, rows);
}

// What is not a number sorts as the largest.
std::string number_cell(double value, std::string_view text) {
  return fmt::format("<td class=\"number\" data-value=\"{}\">{}</td>",
                     std::isfinite(value) ? fmt::format("{}", value) : "Infinity",
                     html_escaped(text));
}

std::string count_cell(int64_t count) {
  return number_cell(static_cast<double>(count), grouped(count));
}

// Of no pair without a noise floor.
std::string flips_cell(const std::optional<SuiteFlips>& flips, int64_t SuiteFlips::* count) {
  return flips ? count_cell(*flips.*count) : number_cell(NAN, "-");
}

std::string suite_pairs_table(const SuiteResult& suite) {
  std::string rows;
  for (const SuitePairResult& pair : suite.pairs) {
    const SuiteCounts counts = counts_of(suite, pair);
    const bool good = counts.all() > 0 && counts.passed == counts.all() && !pair.breaks_limits();
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}{}{}{}{}<td class=\"{}\">{}</td>"
        "</tr>\n",
        name_cell(pair.name), name_cell(pair.candidate), name_cell(pair.reference),
        count_cell(counts.all()), count_cell(counts.passed), count_cell(counts.failed),
        count_cell(counts.errors), count_cell(counts.not_run), good ? "good" : "bad",
        pair_word(pair));
  }
  if (rows.empty()) return {};
  return scrolled_table("Pairs",
                        html_sortable_heads({"pair", "candidate", "reference", "prompts", "passed",
                                             "failed", "errors", "not run", "worst"}),
                        rows);
}

std::string estimate_cell(const Estimate& estimate) {
  return number_cell(estimate.value, shown_estimate(estimate));
}

std::string statistics_table(const SuiteResult& suite) {
  std::string rows;
  for (const SuitePairResult& pair : suite.pairs) {
    const SuiteStatistics& s = pair.statistics;
    const auto of_rows = [&](double value) {
      return s.positions > 0 ? number_cell(value, distance_text(value)) : number_cell(NAN, "-");
    };
    const bool scored = s.scored > 0;
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th>{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}</tr>\n", name_cell(pair.name),
        count_cell(s.positions),
        number_cell(s.candidate_nll.value, shown_perplexity(s.candidate_nll)),
        number_cell(s.reference_nll.value, shown_perplexity(s.reference_nll)),
        estimate_cell(s.nll_difference), estimate_cell(s.kl), of_rows(s.kl_median),
        of_rows(s.kl_p90), of_rows(s.kl_p99), of_rows(s.kl_p999), of_rows(s.kl_max),
        estimate_cell(s.delta_p),
        scored ? number_cell(s.delta_p_rms, distance_text(s.delta_p_rms)) : number_cell(NAN, "-"),
        number_cell(s.same_top.value, shown_share(s.same_top)),
        flips_cell(s.flips, &SuiteFlips::ties), flips_cell(s.flips, &SuiteFlips::decisive));
  }
  if (rows.empty()) return {};
  return scrolled_table(
             "Statistics",
             html_sortable_heads({"pair", "positions", "perplexity, candidate",
                                  "perplexity, reference", "ln of their ratio", "mean KL",
                                  "median KL", "90 %", "99 %", "99.9 %", "largest KL", "mean Δp",
                                  "Δp rms", "same top", "tie flips", "decisive flips"}),
             rows) +
         "<p class=\"dim\">± is a standard error over prompts. KL(reference ‖ candidate) in nats, "
         "of positions whose rows both engines gave in full; Δp: of the prompt's next token; a "
         "flip is "
         "a tie or decisive by the pair's noise floor. - "
         "where there is none.</p>\n";
}

std::string limits_html(const SuiteResult& suite) {
  std::string rows;
  for (const SuitePairResult& pair : suite.pairs) {
    for (const JudgedLimit& limit : pair.limits) {
      const char* tint = limit.state == LimitState::kept ? "good" : "bad";
      rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"{}\">{}</td></tr>\n",
                          name_cell(pair.name), html_escaped(limit_sentence(limit)), tint,
                          limit_word(limit.state));
    }
  }
  if (rows.empty()) return {};
  return scrolled_table("Limits", html_sortable_heads({"pair", "limit", "is"}), rows);
}

std::string two_by_two_tables(const SuiteResult& suite) {
  std::string text;
  for (const TwoByTwo& square : suite.two_by_two) {
    std::string rows;
    for (const auto& [name, effect] : effects_of(square)) {
      rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", name_cell(name),
                          estimate_cell(effect->mean),
                          number_cell(effect->low, shown_interval(*effect)),
                          number_cell(effect->rms, distance_text(effect->rms)));
    }
    text += fmt::format("<h3>{}</h3>\n<p>{}</p>\n", name_cell(square.name),
                        html_escaped(two_by_two_sentence(square)));
    if (square.positions == 0) continue;
    text += scrolled_table(
        "Effects", html_sortable_heads({"effect", "mean", "95 % of it", "of a position, RMS"}),
        rows);
    text +=
        fmt::format("<p class=\"dim\">{}</p>\n", html_escaped(printable(two_by_two_scope(square))));
  }
  return text;
}

// A run as a cell of the map: a sign and a tint; how strong the tint is goes by the largest KL.
struct MapSign {
  char sign;
  const char* tint;
};

constexpr MapSign kNotRunSign = {'?', "none"};

MapSign sign_of(const SuitePromptResult& prompt) {
  if (prompt.error || !prompt.verdict) return {'E', "wrong"};
  if (prompt.standing == Standing::worse) return {'W', "wrong"};
  if (prompt.standing == Standing::accepted) return {'A', "drifts"};
  switch (*prompt.verdict) {
    case Verdict::tokens_differ:
      return {'T', "wrong"};
    case Verdict::settings_differ:
      return {'S', "wrong"};
    case Verdict::unhealthy:
      return {'U', "wrong"};
    case Verdict::diverged:
      return {'X', "wrong"};
    case Verdict::drift:
      return {'~', "drifts"};
    case Verdict::match:
      return {'+', "right"};
    case Verdict::identical:
      return {'=', "right"};
  }
  return kNotRunSign;
}

// 0: less than 1e-6; 3: 0.01 and more, NaN, or nothing to go by where something is wrong.
int tint_strength(const SuitePromptResult& prompt) {
  if (prompt.positions == 0 && !passed(prompt)) return 3;
  const double kl = prompt.largest_kl;
  if (std::isnan(kl) || kl >= 1e-2) return 3;
  return kl >= 1e-4 ? 2 : kl >= 1e-6 ? 1 : 0;
}

// Whether a is shown where only one of them can be; a run that was not made stands between those
// that fail and those that pass.
bool is_worse(const SuitePromptResult* a, const SuitePromptResult* b) {
  const auto key = [](const SuitePromptResult* prompt) {
    if (prompt == nullptr) return std::pair(1, 0.0);
    const double far = as_far(prompt->largest_kl);
    const int rank = badness_rank(*prompt);
    return std::pair(passed(*prompt) ? 2 + rank : rank - 100, -far);
  };
  return key(a) < key(b);
}

// The pair's runs of prompts_in; nullptr where there is none.
std::vector<const SuitePromptResult*> runs_by_prompt(const SuiteResult& suite,
                                                     const SuitePairResult& pair) {
  std::vector<const SuitePromptResult*> by_index(suite.prompts.size());
  for (const SuitePromptResult& prompt : pair.prompts) {
    const auto i = static_cast<size_t>(prompt.prompt);
    if (prompt.prompt >= 0 && i < by_index.size()) by_index[i] = &prompt;
  }
  std::vector<const SuitePromptResult*> runs;
  for (const int32_t i : prompts_in(suite)) runs.push_back(by_index[static_cast<size_t>(i)]);
  return runs;
}

std::string cell_title(const SuiteResult& suite, int32_t index, const SuitePromptResult* prompt) {
  const std::string id = fitted(printable(prompt_id(suite, index)), kLongestShown);
  if (prompt == nullptr) return id + ": not run";
  std::string title = id + ": " + prompt_word(*prompt);
  if (prompt->first_divergence)
    title += fmt::format(", first divergence at {}", *prompt->first_divergence);
  if (prompt->positions > 0) {
    title += fmt::format(", same top {} of {}", prompt->same_top, prompt->positions);
    if (prompt->flips)
      title += ", flips: " + flips_text(prompt->flips->ties, prompt->flips->decisive);
    title += fmt::format(", lowest cosine {}, largest KL {}", cosine_text(prompt->lowest_cosine),
                         distance_text(prompt->largest_kl));
  }
  return title;
}

std::string map_cells(const SuiteResult& suite, const std::vector<const SuitePromptResult*>& runs,
                      size_t group) {
  const std::vector<int32_t> prompts = prompts_in(suite);
  std::string cells;
  for (size_t begin = 0; begin < runs.size(); begin += group) {
    const size_t end = std::min(runs.size(), begin + group);
    size_t worst = begin, passing = 0;
    for (size_t i = begin; i < end; ++i) {
      if (is_worse(runs[i], runs[worst])) worst = i;
      passing += runs[i] != nullptr && passed(*runs[i]) ? 1 : 0;
    }
    const SuitePromptResult* run = runs[worst];
    const MapSign sign = run == nullptr ? kNotRunSign : sign_of(*run);
    std::string title = cell_title(suite, prompts[worst], run);
    if (group > 1) {
      title = fmt::format("prompts {} to {}, {} of {} pass; {}", begin + 1, end, passing,
                          end - begin, title);
    }
    cells += fmt::format("<i class=\"{} k{}\" title=\"{}\">{}</i>", sign.tint,
                         run == nullptr ? 0 : tint_strength(*run), html_escaped(title), sign.sign);
    if ((begin / group) % 20 == 19) cells += '\n';
  }
  return cells;
}

std::string map_legend(const SuiteResult& suite, size_t group) {
  std::string items;
  const auto add = [&](const MapSign& sign, std::string_view meaning) {
    items += fmt::format("<li><i class=\"{} k2\">{}</i> {}</li>", sign.tint, sign.sign, meaning);
  };
  SuitePromptResult prompt;
  for (const Verdict verdict : std::views::reverse(kVerdicts)) {
    prompt.verdict = verdict;
    add(sign_of(prompt), prompt_word(prompt));
  }
  for (const Standing standing : {Standing::accepted, Standing::worse}) {
    prompt.standing = standing;
    if (!suite.baseline.empty()) add(sign_of(prompt), prompt_word(prompt));
  }
  prompt.verdict.reset();
  add(sign_of(prompt), prompt_word(prompt));
  add(kNotRunSign, "not run");
  std::string text = "<ul class=\"legend\">" + items + "</ul>\n<ul class=\"legend\">";
  for (const auto& [strength, meaning] : {std::pair(0, "largest KL below 1e-06"),
                                          {1, "below 1e-04"},
                                          {2, "below 0.01"},
                                          {3, "0.01 and more, or not known"}}) {
    text += fmt::format("<li><i class=\"wrong k{}\">{}</i> {}</li>", strength, strength, meaning);
  }
  text += "</ul>\n<p class=\"dim\">Prompts in the suite's order";
  if (group > 1) text += fmt::format(", {} a cell: the worst of them is shown", group);
  return text + ". Point at a cell, or choose it, for its prompt.</p>\n";
}

std::string suite_map(const SuiteResult& suite) {
  if (suite.pairs.empty() || prompts_in(suite).empty()) return {};
  const size_t cells = std::clamp<size_t>(kMostCellsInAll / suite.pairs.size(), 50, kMostCells);
  const size_t group = (prompts_in(suite).size() + cells - 1) / cells;
  std::string text = map_legend(suite, group);
  for (const SuitePairResult& pair : suite.pairs) {
    const SuiteCounts counts = counts_of(suite, pair);
    const std::vector<const SuitePromptResult*> runs = runs_by_prompt(suite, pair);
    text += fmt::format(
        "<h3>{0}</h3>\n<div class=\"map\" role=\"img\" aria-label=\"{0}: of {1} {2} passed, {3} "
        "failed, {4} ended in an error, {5} not run\">\n{6}</div>\n<p class=\"dim\" "
        "aria-live=\"polite\"></p>\n",
        name_cell(pair.name), counted(counts.all(), "prompt"), counts.passed, counts.failed,
        counts.errors, counts.not_run, map_cells(suite, runs, group));
    std::vector<double> distances;
    distances.reserve(runs.size());
    for (const SuitePromptResult* run : runs)
      distances.push_back(run == nullptr || run->positions == 0 ? 0 : run->largest_kl);
    text += html_chart(distances, std::nullopt, "largest KL", "prompt");
  }
  return text;
}

std::string suite_row(const SuiteResult& suite, const SuiteRun& run) {
  const SuitePromptResult& prompt = *run.prompt;
  const bool fine = passed(prompt), compared = prompt.positions > 0;
  const std::string id = name_cell(prompt_id(suite, prompt.prompt));
  std::string row = fmt::format(
      "<tr class=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td class=\"{}\" "
      "data-value=\"{}\">{}</td>",
      fine ? "passes" : "fails", id, name_cell(run.pair->name), fine ? "good" : "bad",
      badness_rank(prompt), prompt_word(prompt));
  row +=
      prompt.first_divergence ? count_cell(*prompt.first_divergence) : number_cell(INFINITY, "-");
  if (compared) {
    row += number_cell(static_cast<double>(prompt.same_top) / prompt.positions,
                       fmt::format("{} of {}", prompt.same_top, prompt.positions)) +
           flips_cell(prompt.flips, &SuiteFlips::decisive) +
           number_cell(prompt.lowest_cosine, cosine_text(prompt.lowest_cosine)) +
           number_cell(prompt.max_abs_diff, distance_text(prompt.max_abs_diff)) +
           number_cell(prompt.largest_kl, distance_text(prompt.largest_kl));
  } else {
    for (int i = 0; i < 5; ++i) row += number_cell(INFINITY, "-");
  }
  std::string words;
  const auto add_words = [&](const std::string& more) {
    if (!more.empty()) words += (words.empty() ? "" : "; ") + more;
  };
  if (prompt.error) {
    add_words(prompt.error->what);
    add_words(prompt.error->where);
    add_words(prompt.error->hint);
  }
  add_words(prompt.detail);
  return row + fmt::format(
                   "<td class=\"words\">{}</td><td><div class=\"command\"><details><summary>command"
                   "</summary><pre tabindex=\"0\">{}</pre></details><button type=\"button\" "
                   "aria-label=\"Copy the command of {}\">Copy</button></div></td></tr>\n",
                   html_escaped(fitted(printable(words), 400)),
                   html_escaped(reproduce_command(suite, *run.pair, prompt.prompt)), id);
}

std::string worst_runs_table(const SuiteResult& suite) {
  const std::vector<SuiteRun> runs = runs_worst_first(suite);
  if (runs.empty()) return {};
  const size_t shown = std::min<size_t>(runs.size(), kMostSuiteRows);
  std::string rows;
  for (size_t i = 0; i < shown; ++i) rows += suite_row(suite, runs[i]);
  std::string text =
      "<p class=\"filter\"><label>Only rows with <input type=\"search\"></label> <button "
      "type=\"button\" aria-pressed=\"false\">only what fails</button></p>\n" +
      scrolled_table(
          "Worst prompts",
          html_sortable_heads({"prompt", "pair", "result", "first at", "same top", "decisive flips",
                               "lowest cosine", "largest |Δ|", "largest KL", "what"}) +
              "<th scope=\"col\">the same again</th>",
          rows);
  if (shown < runs.size()) {
    text += fmt::format("<p class=\"dim\">The worst {} of {}; --format json has all.</p>\n",
                        grouped(static_cast<int64_t>(shown)),
                        counted(static_cast<int64_t>(runs.size()), "run"));
  }
  return text;
}

// The farthest runs, each with its distances by position and the text around where it parts.
std::string suite_closeups(const SuiteResult& suite) {
  std::string text;
  for (const SuiteCloseup& closeup : suite.closeups) {
    const SuitePairResult& pair = suite.pairs[closeup.pair];
    const auto run = std::ranges::find(pair.prompts, closeup.prompt, &SuitePromptResult::prompt);
    if (run == pair.prompts.end()) continue;
    std::vector<ShownToken> shown;
    for (const SuiteCloseup::Token& token : closeup.around) {
      const auto i = static_cast<size_t>(token.position);
      shown.push_back({token.position, token.id, token.piece,
                       i < closeup.distances.size() ? closeup.distances[i] : NAN, token.passed});
    }
    text += fmt::format("<h3>{}, {}: {}</h3>\n", name_cell(pair.name),
                        name_cell(prompt_id(suite, closeup.prompt)), prompt_word(*run));
    if (const SuiteExplanation* explained = explanation_of(suite, closeup.pair, closeup.prompt)) {
      text += fmt::format("<p>{}</p>\n", html_escaped(explained_sentence(*explained))) +
              html_command(explain_command(suite, *explained));
    }
    text += html_chart(closeup.distances, run->first_divergence, "1 − cosine");
    text += html_tokens(shown, run->first_divergence, "1 − cosine", std::ssize(closeup.distances));
  }
  return text;
}

std::string marks_table(const SuitePairResult& pair) {
  std::string rows;
  const auto add = [&](std::string_view what, std::string_view a, std::string_view b) {
    if (a.empty() && b.empty()) return;
    const bool same = a == b;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td{}>{}</td></tr>\n",
                        name_cell(what), name_cell(a), name_cell(b), same ? "" : " class=\"bad\"",
                        same ? "=" : "≠ differs");
  };
  add("engine", pair.candidate, pair.reference);
  const auto value_in = [](const std::vector<EngineMark>& marks, const std::string& name) {
    const auto at = std::ranges::find(marks, name, &EngineMark::name);
    return at == marks.end() ? std::string() : at->value;
  };
  for (const EngineMark& mark : pair.candidate_marks)
    add(mark.name, mark.value, value_in(pair.reference_marks, mark.name));
  for (const EngineMark& mark : pair.reference_marks) {
    if (std::ranges::find(pair.candidate_marks, mark.name, &EngineMark::name) ==
        pair.candidate_marks.end())
      add(mark.name, "", mark.value);
  }
  return scrolled_table("Engines of " + pair.name,
                        "<td></td><th scope=\"col\">candidate</th><th "
                        "scope=\"col\">reference</th><th scope=\"col\">beside</th>",
                        rows);
}

std::string suite_engines(const SuiteResult& suite) {
  std::string text;
  for (const SuitePairResult& pair : suite.pairs) {
    text += fmt::format("<h3>{}</h3>\n<p>", name_cell(pair.name));
    const auto add = [&](std::string_view what, std::string_view value) {
      if (!value.empty()) text += fmt::format("{} <code>{}</code> ", what, name_cell(value));
    };
    add("model", pair.model);
    add("candidate's tokenizer", pair.tokenizer);
    add("required", pair.require);
    add("noise floor", pair.floor);
    text += fmt::format("decode steps {}</p>\n", pair.max_tokens) + marks_table(pair);
  }
  return text;
}

std::string suite_facts(const SuiteResult& suite) {
  std::string text = "suite: " + printable(suite.name) + "\nresults: " + printable(suite.folder) +
                     "\nmanifest: " + printable(suite.manifest_sha256) +
                     fmt::format("\nshards: {}", suite.shards);
  for (const int32_t shard : suite.missing) text += fmt::format("\nshard {}: missing", shard);
  return text;
}

}  // namespace

std::string html_report(const SuiteResult& suite) {
  const std::string word = suite_headline(suite);
  const std::string body =
      fmt::format("<h1 class=\"{}\">{}</h1>\n<p>{}</p>\n", passed(suite) ? "good" : "bad", word,
                  html_escaped(suite_sentence(suite))) +
      html_section("Pairs", suite_pairs_table(suite)) +
      html_section("Statistics", statistics_table(suite)) +
      html_section("Limits", limits_html(suite)) +
      html_section("Two by two", two_by_two_tables(suite)) +
      html_section("Every prompt", suite_map(suite)) +
      html_section("Worst prompts", worst_runs_table(suite)) +
      html_section("Position by position", suite_closeups(suite)) +
      html_section("Engines", suite_engines(suite)) +
      html_section("Suite", html_lines(suite_facts(suite)));
  return html_page("crossval: " + word + ": " + printable(suite.name), body);
}

}  // namespace crossval
