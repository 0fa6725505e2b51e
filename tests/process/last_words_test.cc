#include "process/last_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What llama.cpp's abort adds where gdb is installed.
constexpr const char* kBacktrace =
    "[New LWP 12151]\n"
    "[Thread debugging using libthread_db enabled]\n"
    "Using host libthread_db library \"/lib/x86_64-linux-gnu/libthread_db.so.1\".\n"
    "warning: 30\t../sysdeps/unix/sysv/linux/wait4.c: No such file or directory\n"
    "30\t../sysdeps/unix/sysv/linux/wait4.c: No such file or directory.\n"
    "0x00007f5d6c8f1c57 in wait4 () from /lib/x86_64-linux-gnu/libc.so.6\n"
    "#0  0x00007f5d6c8f1c57 in wait4 () from /lib/x86_64-linux-gnu/libc.so.6\n"
    "#1  0x0000556508a3b1d7 in ggml_print_backtrace ()\n"
    "#2  0x0000556508a3b37e in ggml_abort ()\n"
    "#3  0x000055650892a0a1 in llama_model::load_hparams(llama_model_loader&) ()\n"
    "#4  0x0000556508882912 in llama_model_load_from_file ()\n"
    "#5  0x0000556508844238 in main ()\n"
    "[Inferior 1 (process 12148) detached]\n";

std::string logged() {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "load: line " + std::to_string(i) + "\n";
  return text;
}

struct Ending {
  const char* name;  // printed by GoogleTest
  const char* said;  // at the end of the log
  const char* first;
};
void PrintTo(const Ending& ending, std::ostream* out) { *out << ending.name; }

class EndingTest : public testing::TestWithParam<Ending> {};

TEST_P(EndingTest, TheLineThatTellsWhyComesFirst) {
  const std::string words = last_words(logged() + GetParam().said);
  EXPECT_THAT(words, StartsWith("Its last words:\n    " + std::string(GetParam().first) + "\n"));
  EXPECT_THAT(words, HasSubstr("\n    load: line 19"));
}

TEST_P(EndingTest, AlsoAboveABacktraceThatIsLeftOut) {
  const std::string words = last_words(logged() + GetParam().said + kBacktrace);
  EXPECT_THAT(words, StartsWith("Its last words:\n    " + std::string(GetParam().first) + "\n"));
  EXPECT_THAT(words, HasSubstr("\n    load: line 19"));
  for (const char* noise : {"#1", "LWP", "libthread_db", "Inferior", "wait4", "30"}) {
    EXPECT_THAT(words, Not(HasSubstr(noise)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    LastWords, EndingTest,
    testing::Values(
        Ending{"GgmlAssert", "/b/src/llama-hparams.cpp:71: GGML_ASSERT(n > 0) failed\n",
               "/b/src/llama-hparams.cpp:71: GGML_ASSERT(n > 0) failed"},
        Ending{"GgmlAbort", "/b/ggml/src/ggml.c:4211: fatal error\n",
               "/b/ggml/src/ggml.c:4211: fatal error"},
        Ending{"GgmlOfOld", "GGML_ASSERT: ggml.c:12: ne == 4\n", "GGML_ASSERT: ggml.c:12: ne == 4"},
        Ending{"Assert", "worker: x.cc:3: int main(): Assertion `a == b' failed.\n",
               "worker: x.cc:3: int main(): Assertion `a == b' failed."},
        Ending{"Exception",
               "terminate called after throwing an instance of 'std::out_of_range'\n"
               "  what():  map::at\n",
               "terminate called after throwing an instance of 'std::out_of_range'\n"
               "      what():  map::at"},
        Ending{"LibcxxException",
               "libc++abi: terminating due to uncaught exception of type std::runtime_error: no\n",
               "libc++abi: terminating due to uncaught exception of type std::runtime_error: no"},
        Ending{"Asan",
               "=================================================================\n"
               "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014\n"
               "READ of size 4 at 0x602000000014 thread T0\n"
               "    #0 0x55d0 in main x.cc:5\n",
               "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014"},
        Ending{"Ubsan", "x.cc:5:9: runtime error: shift exponent 33 is too large\n",
               "x.cc:5:9: runtime error: shift exponent 33 is too large"},
        Ending{"Heap", "free(): invalid pointer\n", "free(): invalid pointer"},
        Ending{"Stack", "*** stack smashing detected ***: terminated\n",
               "*** stack smashing detected ***: terminated"},
        Ending{"Cuda",
               "CUDA error: out of memory\n  current device: 0\n/b/ggml-cuda.cu:90: CUDA error\n",
               "CUDA error: out of memory\n    /b/ggml-cuda.cu:90: CUDA error"},
        Ending{"Rust",
               "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3\n"
               "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
               "thread 'main' panicked at src/main.rs:4:5:\n"
               "    index out of bounds: the len is 3"},
        Ending{"RustOfOld", "thread 'main' panicked at 'oh', src/main.rs:4:5\n",
               "thread 'main' panicked at 'oh', src/main.rs:4:5"},
        Ending{"Go", "panic: runtime error: index out of range [5]\n",
               "panic: runtime error: index out of range [5]"}),
    [](const auto& test) { return test.param.name; });

TEST(LastWords, WithoutSuchALineTheLastOnesAreShownAsTheyAre) {
  EXPECT_EQ(last_words(""), "");
  EXPECT_EQ(last_words("\n \n"), "");
  EXPECT_EQ(last_words("loading\nmatrix 7 is broken"),
            "Its last words:\n    loading\n    matrix 7 is broken");
  const std::string words = last_words(logged());
  EXPECT_THAT(words, StartsWith("Its last words:\n    load: line 14\n"));
  EXPECT_THAT(words, Not(HasSubstr("line 13")));
  EXPECT_THAT(last_words(logged() + kBacktrace), HasSubstr("Inferior"));
}

TEST(LastWords, OrdinaryLinesTellNothing) {
  for (const char* line :
       {"12:34:56: loading", "w.py:12: UserWarning: slow", "http://127.0.0.1:80: listening",
        "print_info: rope scaling = linear", "x.gguf: 3 tensors", "error: none"}) {
    const std::string words = last_words(std::string(line) + "\nthe end\n");
    EXPECT_EQ(words, "Its last words:\n    " + std::string(line) + "\n    the end");
  }
}

TEST(LastWords, APythonTracebackIsToldFromItsEnd) {
  const std::string words = last_words(
      logged() +
      "Traceback (most recent call last):\n  File \"w.py\", line 7, in <module>\n    main()\n"
      "  File \"w.py\", line 3, in main\n    raise ValueError('no such layer')\n"
      "ValueError: no such layer\n");
  EXPECT_THAT(words, StartsWith("Its last words:\n    ValueError: no such layer\n"));
  EXPECT_THAT(words, HasSubstr("File \"w.py\", line 3, in main"));
}

TEST(LastWords, AtMostThreeLinesTellWhyTheLastOnes) {
  std::string log;
  for (int i = 0; i < 9; ++i) log += "a.c:" + std::to_string(i) + ": no\n";
  EXPECT_EQ(last_words(log), "Its last words:\n    a.c:6: no\n    a.c:7: no\n    a.c:8: no");
}

}  // namespace
}  // namespace crossval
