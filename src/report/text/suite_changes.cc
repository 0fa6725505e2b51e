#include "report/text/suite_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/count_text.h"
#include "report/suite/summary.h"
#include "report/text/numbers.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

constexpr size_t kMostRows = 20;  // without --all

// "0.9912018 → 0.9950000"; one of them where nothing has changed.
std::string changed(const std::string& before, const std::string& after) {
  return before == after ? after : before + " → " + after;
}

std::string limit_cosine(const std::optional<SuiteLimit>& limit) {
  return limit ? cosine_text(1 - limit->distance) : "-";
}

std::string limit_kl(const std::optional<SuiteLimit>& limit) {
  return limit ? distance_text(limit->largest_kl) : "-";
}

std::string limit_top(const std::optional<SuiteLimit>& limit) {
  return limit ? fmt::format("{}", limit->other_top) : "-";
}

std::string rest_line(size_t shown, size_t all, const char* what, const Layout& layout) {
  if (shown == all) return {};
  return layout.tinted(Tint::dim, fmt::format("and {}: --all shows them\n",
                                              counted(static_cast<int64_t>(all - shown), what)));
}

std::string limits_table(const std::vector<const ChangedLimit*>& changes,
                         const TextOptions& options) {
  if (changes.empty()) return {};
  Table table({{"pair", false, 24},
               {"prompt", false, 32},
               {"limit", false},
               {"cosine", true},
               {"largest KL", true},
               {"other tokens", true}});
  const size_t shown = options.all ? changes.size() : std::min(changes.size(), kMostRows);
  for (size_t i = 0; i < shown; ++i) {
    const ChangedLimit& c = *changes[i];
    const bool grown = c.change == LimitChange::grown;
    table.add({{escaped(c.pair)},
               {escaped(c.prompt)},
               {grown ? "GROWN" : change_word(c.change), grown ? Tint::warn : Tint::none},
               {changed(limit_cosine(c.before), limit_cosine(c.after))},
               {changed(limit_kl(c.before), limit_kl(c.after))},
               {changed(limit_top(c.before), limit_top(c.after))}});
  }
  return "\n" + table.text(options.layout) +
         rest_line(shown, changes.size(), "limit", options.layout);
}

// What a reader must not miss in capitals, the rest in a person's words.
const char* shown_change(RunChange change) {
  if (change == RunChange::fails) return "FAILS";
  if (change == RunChange::mixed) return "changed";
  return change == RunChange::added ? "new" : change_word(change);
}

Tint tint_of_change(RunChange change) {
  if (change == RunChange::fails) return Tint::bad;
  if (change == RunChange::worse || change == RunChange::gone) return Tint::warn;
  return change == RunChange::better || change == RunChange::passes ? Tint::good : Tint::none;
}

template <class Text>
std::string of_run(const std::optional<SuitePromptResult>& run, Text text) {
  return run ? text(*run) : "-";
}

std::string figures_before_after(const PairDifference& pair, const Layout& layout) {
  const SuiteStatistics& a = pair.statistics_before;
  const SuiteStatistics& b = pair.statistics_after;
  if (a.positions == 0 || b.positions == 0) return {};
  std::string text =
      layout.labelled("", fmt::format("the same most likely token: {}",
                                      changed(shown_share(a.same_top), shown_share(b.same_top))));
  if (a.flips && b.flips) {
    text += layout.labelled(
        "", "flips of it: " + changed(flips_text(a.flips->ties, a.flips->decisive),
                                      flips_text(b.flips->ties, b.flips->decisive)));
  }
  text += layout.labelled("", "mean KL " + changed(shown_estimate(a.kl), shown_estimate(b.kl)));
  if (a.scored > 0 && b.scored > 0) {
    text += layout.labelled(
        "", "ln of the perplexities' ratio " +
                changed(shown_estimate(a.nll_difference), shown_estimate(b.nll_difference)));
  }
  return text;
}

std::string changed_runs(const PairDifference& pair, const TextOptions& options) {
  if (pair.runs.empty()) return {};
  Table table(
      {{"prompt", false, 40}, {"", false}, {"is", false}, {"cosine", true}, {"largest KL", true}});
  const size_t shown = options.all ? pair.runs.size() : std::min(pair.runs.size(), kMostRows);
  for (size_t i = 0; i < shown; ++i) {
    const ChangedRun& run = pair.runs[i];
    const auto cosine = [](const SuitePromptResult& p) {
      return p.positions > 0 ? cosine_text(p.lowest_cosine) : std::string("-");
    };
    const auto kl = [](const SuitePromptResult& p) {
      return p.positions > 0 ? distance_text(p.largest_kl) : std::string("-");
    };
    table.add({{escaped(run.prompt)},
               {shown_change(run.change), tint_of_change(run.change)},
               {changed(of_run(run.before, prompt_word), of_run(run.after, prompt_word))},
               {changed(of_run(run.before, cosine), of_run(run.after, cosine))},
               {changed(of_run(run.before, kl), of_run(run.after, kl))}});
  }
  return "\n" + table.text(options.layout) +
         rest_line(shown, pair.runs.size(), "run", options.layout);
}

// "1 FAILS, 2 better, 5 the same".
std::string changes_sentence(const PairDifference& pair) {
  if (!pair.before) return "is in the newer result alone";
  if (!pair.after) return "is in the older result alone";
  std::string text;
  for (auto at = pair.runs.begin(); at != pair.runs.end();) {
    const auto end =
        std::find_if(at, pair.runs.end(), [&](const auto& r) { return r.change != at->change; });
    text += fmt::format("{} {}, ", grouped(end - at), shown_change(at->change));
    at = end;
  }
  return text + fmt::format("{} the same", grouped(pair.same));
}

}  // namespace

std::string baseline_update_text(const BaselineUpdate& update, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::vector<const ChangedLimit*> changes;
  changes.reserve(update.changes.size());
  for (const ChangedLimit& change : update.changes) changes.push_back(&change);
  // Those that grew first: nobody looks for them further down.
  std::ranges::sort(changes, {}, [](const ChangedLimit* c) {
    return std::tuple(c->change != LimitChange::grown, c->pair, c->prompt);
  });
  int64_t counts[4] = {};
  for (const ChangedLimit& change : update.changes) ++counts[static_cast<int>(change.change)];
  std::string text = layout.labelled(
      "limits", fmt::format("{} added, {} lowered, {} grown, {} removed, {} as they were",
                            grouped(counts[0]), grouped(counts[1]), grouped(counts[2]),
                            grouped(counts[3]), grouped(update.kept)));
  for (size_t i = 0; i < std::min(update.refused.size(), kMostRows); ++i)
    text += layout.labelled(i == 0 ? "not taken" : "", escaped(update.refused[i]), Tint::bad);
  if (update.refused.size() > kMostRows)
    text += layout.labelled("", fmt::format("and {} more", update.refused.size() - kMostRows));
  return text + limits_table(changes, options);
}

std::string suite_difference_text(const SuiteDifference& difference, const TextOptions& options) {
  const Layout& layout = options.layout;
  std::string text = layout.labelled("older", escaped(difference.before)) +
                     layout.labelled("newer", escaped(difference.after));
  int64_t fails = 0, broken = 0;
  for (const PairDifference& pair : difference.pairs) {
    text += "\n" + layout.labelled("pair", escaped(pair.name), Tint::strong);
    text += layout.labelled("", changes_sentence(pair));
    for (const std::string& change : pair.engine_changes)
      text += layout.labelled("", escaped(change));
    text += figures_before_after(pair, layout);
    for (const JudgedLimit& limit : pair.broken_limits)
      text += layout.labelled("limit", limit_sentence(limit) + ": BROKEN", Tint::bad);
    broken += std::ssize(pair.broken_limits);
    if (pair.before && pair.after) text += changed_runs(pair, options);
    fails += std::ranges::count(pair.runs, RunChange::fails, &ChangedRun::change);
  }
  text += "\n";
  if (fails > 0) {
    text += layout.tinted(Tint::bad,
                          fmt::format("{} now that did not before.\n",
                                      fails == 1 ? "1 run fails" : grouped(fails) + " runs fail"));
  } else if (broken > 0) {
    text += layout.tinted(Tint::bad, counted(broken, "limit") + " broken now and not before.\n");
  } else if (!difference.complete) {
    text += layout.tinted(Tint::warn, "One of the results is not complete.\n");
  } else {
    text += layout.tinted(Tint::good, "No run fails that did not before.\n");
  }
  return text;
}

}  // namespace crossval
