#include "base/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

namespace crossval {
namespace {

using testing::HasSubstr;

// Standard output of a shell script, read to its end.
std::string shell(const std::string& script) {
  auto channel = make_channel();
  const auto pid = spawn_child({"/bin/sh", "-c", script}, {}, channel->theirs.get(),
                               channel->theirs.get(), channel->theirs.get());
  channel->theirs.reset();
  std::string text;
  std::array<char, 256> chunk{};
  ssize_t got = 0;
  while ((got = ::read(channel->ours.get(), chunk.data(), chunk.size())) > 0) {
    text.append(chunk.data(), static_cast<size_t>(got));
  }
  reap_child(*pid);
  return text;
}

TEST(ChildProcess, GetsThreeDescriptorsOnly) {
  const Descriptor leaked(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ASSERT_GT(leaked.get(), 2);
  ASSERT_EQ(::fcntl(leaked.get(), F_GETFD), 0);
  EXPECT_EQ(shell("for fd in 0 1 2 3 4 5 6 7 8 9 " + std::to_string(leaked.get()) +
                  "; do [ -e /proc/self/fd/$fd ] && echo $fd; done; true"),
            "0\n1\n2\n");
}

TEST(ChildProcess, GetsDefaultSignals) {
  ::signal(SIGTERM, SIG_IGN);
  const std::string text = shell("kill -TERM $$; echo survived");
  ::signal(SIGTERM, SIG_DFL);
  EXPECT_EQ(text, "");
}

TEST(ChildProcess, LeadsAGroupOfItsOwn) {
  const std::string stat = shell("cat /proc/$$/stat");
  // pid (comm) state ppid pgrp …
  EXPECT_THAT(stat,
              HasSubstr(" " + std::to_string(::getpid()) + " " + stat.substr(0, stat.find(' '))));
}

TEST(ChildProcess, EndsAreDescribed) {
  EXPECT_EQ(describe({.exit_status = 3}), "exited with status 3");
  EXPECT_EQ(describe({.signal = SIGSEGV}), "was ended by signal 11 (SIGSEGV: Segmentation fault)");
}

TEST(ChildProcess, ChannelIsNeverAStandardDescriptor) {
  const Descriptor saved(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  ::close(STDIN_FILENO);
  const auto channel = make_channel();
  ::dup2(saved.get(), STDIN_FILENO);
  ASSERT_TRUE(channel.has_value());
  EXPECT_GT(channel->ours.get(), 2);
  EXPECT_GT(channel->theirs.get(), 2);
}

}  // namespace
}  // namespace crossval
