#include "base/run_program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "base/child_process.h"

namespace crossval {
namespace {

using namespace std::chrono_literals;

Result<ProgramResult> shell(const std::string& script, std::string_view input = "",
                            const ProgramLimits& limits = {}) {
  return run_program({"/bin/sh", "-c", script}, {"WORD=here"}, input, limits);
}

bool no_child_left() { return ::waitpid(-1, nullptr, WNOHANG) < 0; }

// Dead, or a zombie that whoever adopted it has not reaped yet.
bool is_gone(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string word;
  char state = 'X';
  if (stat >> word >> word >> state) return state == 'Z' || state == 'X';
  return true;
}

bool is_soon_gone(const std::string& pid) {
  for (int i = 0; i < 400 && !is_gone(pid); ++i) std::this_thread::sleep_for(10ms);
  return is_gone(pid);
}

// A script that says which process sleeps in the background; what follows decides how it ends.
std::string with_sleeper(const std::string& rest) { return "sleep 600 & echo $!; " + rest; }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

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

TEST(RunProgram, IsDoneWhenTheProgramIsWhoeverHoldsItsOutputs) {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = shell(with_sleeper("exit 3"), "", {.timeout = 60s});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_FALSE(result->timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  EXPECT_TRUE(is_soon_gone(first_line(result->out)));
}

TEST(RunProgram, DeadlineKillsGrandchildren) {
  const auto result = shell(with_sleeper("wait"), "", {.timeout = 500ms});
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->timed_out);
  EXPECT_TRUE(is_soon_gone(first_line(result->out)));
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, DeadlineHoldsForAProgramThatClosedItsOutputs) {
  const auto result = shell("exec >&- 2>&-; sleep 600", "", {.timeout = 500ms});
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->timed_out);
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, BackgroundWorkIsNoReasonToEndAProgram) {
  const auto result = shell("sleep 600 & exec sh -c 'echo here; sleep 0.3; echo there'");
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out, "here\nthere\n");
  EXPECT_EQ(result->signal, 0);
}

TEST(RunProgram, InterruptBeforeTheStartIsSeen) {
  std::stop_source source;
  source.request_stop();
  const auto result = shell("sleep 600", "", {.timeout = 600s, .stop = source.get_token()});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::interrupted);
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, InterruptLetsItTidyUpAndLeavesNothing) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string file = testing::TempDir() + "run_program_" + std::to_string(::getpid());
  std::stop_source source;
  const std::jthread stopper([&] {
    while (!std::ifstream(file + ".begun")) std::this_thread::sleep_for(5ms);
    source.request_stop();
  });
  const auto result = shell("trap 'rm " + file + ".begun; exit' TERM; sleep 600 & echo $! > " +
                                file + "; : > " + file + ".begun; wait",
                            "", {.timeout = 600s, .stop = source.get_token()});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::interrupted);
  EXPECT_FALSE(std::ifstream(file + ".begun"));  // what its trap does
  std::string sleeper;
  std::ifstream(file) >> sleeper;
  EXPECT_FALSE(sleeper.empty());
  EXPECT_TRUE(is_soon_gone(sleeper));
  EXPECT_TRUE(no_child_left());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  std::remove(file.c_str());
}

TEST(RunProgram, InterruptWaitsForPartsThatOutliveTheirLeader) {
  const std::string file = ::testing::TempDir() + "run_program_part_" + std::to_string(::getpid());
  std::stop_source source;
  const std::jthread stopper([&] {
    while (!std::ifstream(file)) std::this_thread::sleep_for(5ms);
    source.request_stop();
  });
  const auto result = shell("(trap 'sleep 0.3; rm " + file + "; exit' TERM; : > " + file +
                                "; while :; do sleep 0.1; done); true",
                            "", {.timeout = 600s, .stop = source.get_token()});
  ASSERT_FALSE(result.has_value());
  EXPECT_FALSE(std::ifstream(file));
  std::remove(file.c_str());
}

TEST(RunProgram, InterruptKillsWhatWillNotEnd) {
  std::stop_source source;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(300ms);
    source.request_stop();
  });
  const auto result = shell("trap '' TERM; while :; do sleep 1; done", "",
                            {.timeout = 600s, .stop = source.get_token()});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(no_child_left());
}

TEST(RunProgram, MessagesGoWhereTheCallerWants) {
  auto channel = make_channel();
  ASSERT_TRUE(channel.has_value());
  const auto result = run_program({"/bin/sh", "-c", "echo answer; echo building >&2"}, {}, "", {},
                                  channel->theirs.get());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->out, "answer\n");
  EXPECT_EQ(result->error_tail, "");
  channel->theirs.reset();
  char text[32] = {};
  EXPECT_EQ(::read(channel->ours.get(), text, sizeof text), 9);
  EXPECT_STREQ(text, "building\n");
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
