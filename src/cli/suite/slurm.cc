#include "cli/suite/slurm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/environment.h"
#include "base/run_program.h"
#include "base/shell_quote.h"

namespace crossval {
namespace {

// A name that every scheduler takes.
std::string job_name(const std::string& suite) {
  std::string name = "crossval-";
  for (const char c : suite) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    name += plain ? c : '-';
  }
  return name;
}

std::string head_lines(const SlurmJob& job, const std::string& log) {
  std::string text = "#!/bin/bash\n";
  text += fmt::format("#SBATCH --job-name={}\n", job_name(job.name));
  // In quotes, for blanks in a path would end the option.
  text += fmt::format("#SBATCH --output=\"{}/{}\"\n", job.folder, log);
  text += "#SBATCH --open-mode=append\n";
  for (const std::string& option : job.options) text += "#SBATCH " + option + "\n";
  return text;
}

Result<std::string> sbatch(const std::vector<std::string>& words, const std::stop_token& stop) {
  const std::string program = find_in_path("sbatch");
  if (program.empty()) {
    return fail(
        ExitCode::engine_failed, "there is no sbatch on this machine", {},
        "Submit the scripts from a login node of the cluster; --no-submit writes them alone.");
  }
  std::vector<std::string> arguments = {program, "--parsable"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  const auto done = run_program(arguments, whole_environment(), {},
                                {.timeout = std::chrono::minutes(1), .stop = stop});
  if (!done) return tl::unexpected(done.error());
  if (done->signal != 0 || done->exit_status != 0 || done->timed_out) {
    return fail(ExitCode::engine_failed, "sbatch refused the job: " + done->error_tail,
                words.back());
  }
  return done->out.substr(0, done->out.find_first_of(";\n"));  // "17;cluster"
}

}  // namespace

std::string slurm_script(const SlurmJob& job) {
  std::string text = head_lines(job, "shard-%a.log");
  text += fmt::format("#SBATCH --array={}\n", fmt::join(job.shards, ","));
  text += "#SBATCH --requeue\n#SBATCH --signal=B:TERM@60\n";
  if (job.threads > 0) text += fmt::format("#SBATCH --cpus-per-task={}\n", job.threads);
  text +=
      fmt::format(R"(
# SLURM_ARRAY_TASK_ID says which shard; of how many, the suite.
{} suite run {} -o {} --shards {} --resume -q &
run=$!
trap 'kill -TERM $run' TERM
wait $run
code=$?
while kill -0 $run 2>/dev/null; do  # a signal ended the wait
  wait $run
  code=$?
done
# 75: it was asked to end before it was done. The requeued task starts when Slurm lets it, two minutes later as a rule.
if [ $code = 75 ]; then scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"; fi
exit $code
)",
                  shell_word(job.program), shell_word(job.suite), shell_word(job.folder), job.of);
  return text;
}

std::string slurm_merge_script(const SlurmJob& job) {
  const std::string what = job.explain
                               ? fmt::format("explain {} -o {} --shards {}", shell_word(job.suite),
                                             shell_word(job.folder), job.of)
                               : "merge " + shell_word(job.folder);
  return head_lines(job, "merge.log") + "\nexec " + shell_word(job.program) + " suite " + what +
         "\n";
}

Result<SlurmIds> submit_to_slurm(const std::string& array_script, const std::string& merge_script,
                                 const std::stop_token& stop) {
  auto array = sbatch({array_script}, stop);
  if (!array) return tl::unexpected(array.error());
  auto merge = sbatch({"--dependency=afterany:" + *array, merge_script}, stop);
  if (!merge) return tl::unexpected(merge.error());
  return SlurmIds{*std::move(array), *std::move(merge)};
}

}  // namespace crossval
