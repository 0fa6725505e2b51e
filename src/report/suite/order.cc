#include "report/suite/order.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "report/suite/summary.h"
#include "report/words.h"

namespace crossval {
namespace {

double far_apart(const SuitePromptResult& prompt) {
  const double distance = 1 - prompt.lowest_cosine;
  return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
}

auto badness(const SuitePromptResult& prompt) {
  const int verdict = prompt.verdict ? static_cast<int>(*prompt.verdict) : -1;
  return std::tuple(prompt.error ? -2 : verdict, -far_apart(prompt), prompt.prompt);
}

}  // namespace

std::string prompt_word(const SuitePromptResult& prompt) {
  return prompt.error || !prompt.verdict ? "ERROR" : verdict_word(*prompt.verdict);
}

std::string pair_word(const SuitePairResult& pair) {
  if (errors_of(pair) > 0) return "ERROR";
  const auto worst = worst_verdict(pair);
  return worst ? verdict_word(*worst) : "NOT-RUN";
}

std::string suite_word(const SuiteResult& suite) {
  std::optional<Verdict> worst;
  for (const SuitePairResult& pair : suite.pairs) {
    if (errors_of(pair) > 0) return "ERROR";
    const auto verdict = worst_verdict(pair);
    if (verdict && (!worst || *verdict < *worst)) worst = verdict;
  }
  const bool passes = !worst || exit_code(*worst) == ExitCode::ok;
  if (passes && (!worst || !suite.complete())) return "INCOMPLETE";
  return verdict_word(*worst);
}

int32_t failed_prompts(const SuitePairResult& pair) {
  return static_cast<int32_t>(
      std::ranges::count_if(pair.prompts, [](const auto& p) { return !passed(p); }));
}

std::vector<const SuitePromptResult*> worst_first(const SuitePairResult& pair) {
  std::vector<const SuitePromptResult*> prompts;
  for (const SuitePromptResult& prompt : pair.prompts) {
    if (prompt.error || prompt.verdict != Verdict::identical) prompts.push_back(&prompt);
  }
  std::ranges::sort(prompts, {}, [](const SuitePromptResult* prompt) { return badness(*prompt); });
  return prompts;
}

}  // namespace crossval
