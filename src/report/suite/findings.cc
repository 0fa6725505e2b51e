#include "report/suite/findings.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "base/sha256.h"
#include "report/suite/reproduction.h"
#include "report/suite/summary.h"
#include "report/text/printable.h"
#include "report/words.h"

namespace crossval {
namespace {

std::string finding_fingerprint(std::string_view pair, std::string_view prompt,
                                std::string_view kind) {
  std::string text(pair);
  text += '\0';
  text += prompt;
  text += '\0';
  text += kind;
  return sha256_of(text);
}

SuiteFinding not_run_finding(std::string_view pair, const std::string& what, std::string message,
                             int32_t line) {
  return {.kind = "not-run",
          .title = printable(pair.empty() ? what : fmt::format("{}, {}", pair, what)) + ": not run",
          .message = std::move(message),
          .command = "",
          .line = line,
          .fingerprint = finding_fingerprint(pair, what, "not-run")};
}

SuiteFinding limit_finding(const SuitePairResult& pair, const JudgedLimit& limit) {
  return {.kind = "limit",
          .title = printable(fmt::format("{}, {}: {}", pair.name, limit_key(limit), kBeyondLimits)),
          .message = limit_sentence(limit),
          .command = "",
          .line = 1,
          .fingerprint = finding_fingerprint(pair.name, limit_key(limit), "limit")};
}

std::string kind_of(const SuitePromptResult& prompt) {
  if (prompt.error || !prompt.verdict) return "error";
  return prompt.standing == Standing::worse ? "worse" : status_word(*prompt.verdict);
}

SuiteFinding finding_of(const SuiteResult& suite, const SuiteRun& run) {
  const SuitePromptResult& prompt = *run.prompt;
  const std::string id = prompt_id(suite, prompt.prompt);
  const std::string kind = kind_of(prompt);
  return {
      .kind = kind,
      .title = printable(fmt::format("{}, {}", run.pair->name, id)) + ": " + prompt_word(prompt),
      .message = result_sentence(prompt),
      .command = reproduce_command(suite, *run.pair, prompt.prompt),
      .line = prompt.prompt + 1,
      .fingerprint = finding_fingerprint(run.pair->name, id, kind)};
}

}  // namespace

std::vector<SuiteFinding> suite_findings(const SuiteResult& suite) {
  std::vector<SuiteFinding> findings;
  findings.reserve(suite.missing.size());
  for (const int32_t shard : suite.missing) {
    findings.push_back(not_run_finding(
        "", fmt::format("shard {}", shard),
        fmt::format("shard {} of {} has no result", shard, suite.shards), shard + 1));
  }
  if (counts_of(suite).all() == 0)
    findings.push_back(not_run_finding("", "suite", "there is nothing to compare", 1));
  for (const SuitePairResult& pair : suite.pairs) {
    for (const int32_t i : not_run_of(suite, pair)) {
      findings.push_back(not_run_finding(pair.name, prompt_id(suite, i),
                                         "the prompt has no result under this pair", i + 1));
    }
  }
  for (const SuitePairResult& pair : suite.pairs) {
    for (const JudgedLimit& limit : pair.limits) {
      if (limit.state == LimitState::broken) findings.push_back(limit_finding(pair, limit));
    }
  }
  for (const SuiteRun& run : runs_worst_first(suite)) {
    if (!passed(*run.prompt)) findings.push_back(finding_of(suite, run));
  }
  return findings;
}

std::string finding_text(const SuiteFinding& finding) {
  std::string text = finding.title;
  if (!finding.message.empty()) text += ": " + finding.message;
  if (!finding.command.empty()) text += "\n" + finding.command;
  return text;
}

std::string suite_prompts_file(const SuiteResult& suite) {
  return (std::filesystem::path(suite.folder) / kPromptsFile).lexically_normal().string();
}

}  // namespace crossval
