#include "cli/suite/explain_runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "cli/explaining.h"
#include "cli/launching.h"
#include "report/text/explanation.h"
#include "report/words.h"
#include "suite/explained.h"

namespace crossval {
namespace {

Result<Explanation> explain_run(const SuiteJob& job, const SuitePair& pair,
                                std::vector<TokenId> ids, const Console& console) {
  PairChoice choice{
      .defaults = {.model = pair.model,
                   .threads = job.suite.threads > 0 ? job.suite.threads : machine_threads(),
                   .context = job.suite.context,
                   .batch = job.suite.batch,
                   .timeout_seconds = job.suite.timeout_seconds},
      .candidate = pair.candidate,
      .reference = pair.reference,
      .tokenizer = pair.tokenizer};
  if (auto ok = check_truth(choice); !ok) return tl::unexpected(ok.error());
  PromptOptions prompt;
  prompt.request.token_ids = fmt::format("{}", fmt::join(ids, ","));
  Progress progress(console);
  const auto opened = open_pair(choice, prompt, console, &progress);
  if (!opened) return tl::unexpected(opened.error());
  return explain_pair(choice, *opened, std::move(ids), {}, progress);
}

bool ends_all(const Error& error) {
  return error.code == ExitCode::interrupted || error.code == ExitCode::cannot_write ||
         error.code == ExitCode::internal;
}

void note(const Explanation& found, SuiteExplanation& run) {
  const JudgedEngine& guilty = guilty_engine(found);
  run.verdict = blame_word(found.blame);
  run.sentence = explanation_sentence(found);
  if (guilty.first_beyond) run.operation = guilty.operations[*guilty.first_beyond].tensor;
  if (!found.causes.empty()) run.cause = found.causes.front().mistake;
}

}  // namespace

Result<void> explain_runs(const SuiteJob& job, const SuiteResult& result, const Console& console) {
  std::vector<SuiteExplanation> runs = runs_to_explain(result, job.suite.explain);
  if (runs.empty()) return {};
  auto writer = ExplanationWriter::open(job.folder, job.manifest);
  if (!writer) return tl::unexpected(writer.error());
  for (SuiteExplanation& run : runs) {
    if (writer->has(run)) continue;
    auto ids = ids_to_explain(job.manifest, job.folder, run);
    if (!ids) return tl::unexpected(ids.error());
    run.position = static_cast<int32_t>(ids->size()) - 1;
    const auto found = explain_run(job, job.manifest.pairs[run.pair], *std::move(ids), console);
    if (found) {
      note(*found, run);
    } else if (ends_all(found.error())) {
      return tl::unexpected(found.error());
    } else {
      run.sentence = found.error().message();
    }
    if (auto ok = writer->add(run); !ok) return ok;
  }
  return writer->publish();
}

}  // namespace crossval
