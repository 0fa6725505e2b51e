#include "suite/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "prompt/conversation.h"

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBaselineVersion = 1;

bool has_figures(const SuitePromptResult& prompt) {
  return !prompt.error && prompt.verdict && *prompt.verdict >= Verdict::diverged &&
         prompt.positions > 0;
}

bool fails(Verdict verdict) { return exit_code(verdict) != ExitCode::ok; }

SuiteLimit limit_of(const SuitePromptResult& prompt) {
  return {*prompt.verdict, 1 - prompt.lowest_cosine, prompt.largest_kl,
          prompt.positions - prompt.same_top};
}

// A limit without a figure limits nothing; a figure that is lost is beyond any limit.
bool within(double value, double limit, double slack) {
  return std::isnan(limit) || value <= limit * slack;
}

bool is_within(const SuiteLimit& figures, const SuiteLimit& limit, double slack) {
  return within(figures.distance, limit.distance, slack) &&
         within(figures.largest_kl, limit.largest_kl, slack) &&
         within(figures.other_top, limit.other_top, slack);
}

bool equal(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool equal(const SuiteLimit& a, const SuiteLimit& b) {
  return a.verdict == b.verdict && equal(a.distance, b.distance) &&
         equal(a.largest_kl, b.largest_kl) && a.other_top == b.other_top;
}

Json number(double value) { return std::isnan(value) ? Json() : Json(value); }

double number_of(const Json& json) { return json.is_null() ? std::nan("") : json.get<double>(); }

Verdict verdict_in(const Json& json) {
  const auto word = json.get<std::string>();
  const auto verdict = verdict_of(word);
  if (!verdict) throw Json::other_error::create(501, word, nullptr);
  return *verdict;
}

// The engine in a few words: the facts that say which one it was.
std::string engine_words(const std::string& spec, const std::vector<EngineMark>& marks) {
  std::string text = spec;
  for (const EngineMark& mark : marks) {
    if (mark.name == "commit" || mark.name == "version") text += " " + mark.value;
  }
  return text;
}

using RunName = std::pair<std::string, std::string>;  // of pair and prompt

// A baseline on its way to the next one, run by run.
class Accepting {
 public:
  explicit Accepting(const SuiteBaseline& from) : from_(from), gone_(from.limits) {}

  void begin_pair(Acceptance acceptance) {
    acceptance_ = std::move(acceptance);
    own_.reset();
  }

  void accept(const RunName& run, const SuitePromptResult& prompt) {
    std::optional<AcceptedLimit> before;
    if (const auto at = gone_.extract(run); !at.empty()) before = at.mapped();
    if (!has_figures(prompt)) {
      const char* word = prompt.verdict ? verdict_word(*prompt.verdict) : "ERROR";
      update_.refused.push_back(fmt::format("{}, {}: {}", run.first, run.second, word));
      if (before) keep(run, *before);
      return;
    }
    const SuiteLimit now = limit_of(prompt);
    if (before && equal(before->limit, now)) return keep(run, *before);
    const bool fails_anew = fails(now.verdict) && !(before && fails(before->limit.verdict));
    const bool grows = before && !is_within(now, before->limit, 1);
    ChangedLimit change{run.first, run.second, LimitChange::added, std::nullopt, now};
    if (before) {
      change.before = before->limit;
      change.change = grows || fails_anew ? LimitChange::grown : LimitChange::lowered;
    }
    update_.needs_reason = update_.needs_reason || fails_anew || grows;
    update_.changes.push_back(std::move(change));
    if (!own_) own_ = add(acceptance_);
    update_.baseline.limits.emplace(run, AcceptedLimit{now, *own_});
  }

  /// What the suite no longer has goes.
  BaselineUpdate finish() {
    for (const auto& [run, limit] : gone_) {
      update_.changes.push_back(
          {run.first, run.second, LimitChange::removed, limit.limit, std::nullopt});
    }
    return std::move(update_);
  }

 private:
  void keep(const RunName& run, const AcceptedLimit& limit) {
    ++update_.kept;
    const auto [at, is_new] = kept_.emplace(limit.acceptance, 0);
    if (is_new) at->second = add(from_.acceptances[limit.acceptance]);
    update_.baseline.limits.emplace(run, AcceptedLimit{limit.limit, at->second});
  }

  size_t add(const Acceptance& acceptance) {
    update_.baseline.acceptances.push_back(acceptance);
    return update_.baseline.acceptances.size() - 1;
  }

  const SuiteBaseline& from_;
  std::map<RunName, AcceptedLimit> gone_;  // limits that no run has taken yet
  BaselineUpdate update_;
  Acceptance acceptance_;
  std::optional<size_t> own_;      // where the pair's acceptance is in the next baseline
  std::map<size_t, size_t> kept_;  // where an old one is
};

}  // namespace

Result<SuiteBaseline> parse_baseline(std::string_view text, const std::string& path) {
  const auto bad = [&](const std::string& what) {
    return fail(ExitCode::bad_input_file, what, path,
                "crossval suite accept writes it; under version control an older one can be had.");
  };
  bool deep = false;
  const Json json = Json::parse(text, within_depth(deep), false);
  if (deep || !json.is_object() || !json.contains("crossval_baseline"))
    return bad("it is no baseline of a suite");
  if (json["crossval_baseline"] != kBaselineVersion) {
    return bad(fmt::format("a baseline of version {}, and this program reads version {}",
                           json["crossval_baseline"].dump(), kBaselineVersion));
  }
  SuiteBaseline baseline;
  try {
    for (const Json& entry : json.at("acceptances")) {
      const auto text_of = [&](const char* key) { return entry.at(key).get<std::string>(); };
      baseline.acceptances.push_back({text_of("by"), text_of("at"), text_of("reason"),
                                      text_of("run"), text_of("candidate"), text_of("reference")});
    }
    for (const Json& entry : json.at("limits")) {
      AcceptedLimit limit;
      limit.limit = {verdict_in(entry.at("verdict")), number_of(entry.at("distance")),
                     number_of(entry.at("largest_kl")), entry.at("other_top").get<int32_t>()};
      limit.acceptance = entry.at("acceptance").get<size_t>();
      if (limit.acceptance >= baseline.acceptances.size())
        return bad(fmt::format("there is no acceptance {}", limit.acceptance));
      std::pair run(entry.at("pair").get<std::string>(), entry.at("prompt").get<std::string>());
      if (!baseline.limits.emplace(run, limit).second) {
        return bad(fmt::format("\"{}\" under \"{}\" has two limits", run.second, run.first));
      }
    }
  } catch (const Json::exception& error) {
    return bad(std::string("the baseline is damaged: ") + error.what());
  }
  return baseline;
}

std::string baseline_text(const SuiteBaseline& baseline) {
  const auto list = [](const Json& entries) {
    std::string text;
    for (const Json& entry : entries) text += (text.empty() ? "\n  " : ",\n  ") + entry.dump();
    return "[" + text + "]";
  };
  Json acceptances = Json::array();
  for (const Acceptance& a : baseline.acceptances) {
    acceptances.push_back({{"by", a.by},
                           {"at", a.at},
                           {"reason", a.reason},
                           {"run", a.run},
                           {"candidate", a.candidate},
                           {"reference", a.reference}});
  }
  Json limits = Json::array();
  for (const auto& [run, accepted] : baseline.limits) {
    limits.push_back({{"pair", run.first},
                      {"prompt", run.second},
                      {"verdict", verdict_word(accepted.limit.verdict)},
                      {"distance", number(accepted.limit.distance)},
                      {"largest_kl", number(accepted.limit.largest_kl)},
                      {"other_top", accepted.limit.other_top},
                      {"acceptance", accepted.acceptance}});
  }
  return fmt::format(
      "{{\n \"crossval_baseline\": {},\n \"acceptances\": {},\n \"limits\": {}\n}}\n",
      kBaselineVersion, list(acceptances), list(limits));
}

void judge_by_baseline(SuiteResult& suite, const SuiteBaseline& baseline, double slack) {
  suite.has_baseline = true;
  for (SuitePairResult& pair : suite.pairs) {
    for (SuitePromptResult& prompt : pair.prompts) {
      const auto at =
          baseline.limits.find({pair.name, suite.prompts[static_cast<size_t>(prompt.prompt)]});
      if (at == baseline.limits.end() || !has_figures(prompt)) continue;
      const SuiteLimit& limit = at->second.limit;
      prompt.limit = limit;
      if (!is_within(limit_of(prompt), limit, slack)) {
        prompt.standing = Standing::worse;
      } else if (!fails(*prompt.verdict)) {
        prompt.standing = Standing::within;
      } else if (fails(limit.verdict)) {
        prompt.standing = Standing::accepted;
      }
    }
  }
}

BaselineUpdate accept_suite(const SuiteResult& suite, const SuiteBaseline& baseline,
                            const Acceptance& acceptance) {
  Accepting accepting(baseline);
  for (const SuitePairResult& pair : suite.pairs) {
    Acceptance own = acceptance;
    own.candidate = engine_words(pair.candidate, pair.candidate_marks);
    own.reference = engine_words(pair.reference, pair.reference_marks);
    accepting.begin_pair(std::move(own));
    for (const SuitePromptResult& prompt : pair.prompts)
      accepting.accept({pair.name, suite.prompts[static_cast<size_t>(prompt.prompt)]}, prompt);
  }
  return accepting.finish();
}

}  // namespace crossval
