#include "base/run_program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

namespace crossval {
namespace {

using namespace std::chrono_literals;

Result<ProgramResult> shell(const std::string& script, std::string_view input = "",
                            const ProgramLimits& limits = {}) {
  return run_program({"/bin/sh", "-c", script}, {"WORD=here"}, input, limits);
}

bool no_child_left() { return ::waitpid(-1, nullptr, WNOHANG) < 0; }

TEST(RunProgram, BytesInBytesOut) {
  std::string bytes(3 << 20, 'x');  // more than any pipe holds
  bytes[5] = '\0';
  const auto result = shell("cat", bytes);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out, bytes);
  EXPECT_EQ(result->exit_status, 0);
  EXPECT_EQ(result->signal, 0);
}

TEST(RunProgram, StatusErrorTextAndEnvironment) {
  const auto result = shell("echo \"$WORD$HOME\"; echo oops >&2; exit 7");
  EXPECT_EQ(result->out, "here\n");
  EXPECT_EQ(result->error_tail, "oops\n");
  EXPECT_EQ(result->exit_status, 7);
}

TEST(RunProgram, DeafProgramIsNoSigpipe) {
  const auto result = shell("exec <&-; echo done", std::string(3 << 20, 'x'));
  EXPECT_EQ(result->out, "done\n");
}

TEST(RunProgram, DeadlineKills) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = shell("exec sleep 60", "", {.timeout = 100ms});
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->signal, SIGKILL);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, OutputBoundKills) {
  const auto result = shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", "",
                            {.timeout = 20s, .max_output = 100000});
  EXPECT_TRUE(result->too_much_output);
  EXPECT_LT(result->out.size(), 300000u);
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, SignalsAndMissingProgramsAreReported) {
  EXPECT_EQ(shell("kill -SEGV $$")->signal, SIGSEGV);
  const auto missing = run_program({"/no/such/program"}, {}, "", {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ExitCode::engine_failed);
  EXPECT_EQ(missing.error().where, "/no/such/program");
}

}  // namespace
}  // namespace crossval
