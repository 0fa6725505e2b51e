// g++ 12 makes vfmaddsub of separate products, sums and differences (RoPE's rotation is such a
// pair) when it vectorises, in spite of -ffp-contract=off: one rounding less, other bits. No
// library marked EXACT may hold one.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "base/run_program.h"

namespace crossval {
namespace {

std::vector<std::string> exact_libraries() {
  std::istringstream list(CROSSVAL_EXACT_LIBRARIES);
  std::vector<std::string> paths;
  for (std::string path; std::getline(list, path, '|');) paths.push_back(path);
  return paths;
}

std::string disassembly(const std::string& path) {
  const auto run = run_program({CROSSVAL_OBJDUMP, "-d", "--no-show-raw-insn", path}, {}, "",
                               {.timeout = std::chrono::minutes(2), .max_output = size_t{1} << 30});
  EXPECT_TRUE(run.has_value()) << run.error().message();
  if (!run) return {};
  EXPECT_EQ(run->exit_status, 0) << run->error_tail;
  EXPECT_FALSE(run->timed_out);
  return run->out;
}

/// The lines that hold a fused pair.
std::vector<std::string> fused_pairs(const std::string& code) {
  std::vector<std::string> found;
  std::istringstream lines(code);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("fmaddsub") != std::string::npos || line.find("fmsubadd") != std::string::npos)
      found.push_back(line);
  }
  return found;
}

TEST(FusedPairs, AreInNoExactLibrary) {
  ASSERT_GE(exact_libraries().size(), 4U);
  for (const std::string& library : exact_libraries()) {
    const std::string code = disassembly(library);
    EXPECT_NE(code.find("ret"), std::string::npos) << library << " holds no code";
    for (const std::string& line : fused_pairs(code)) ADD_FAILURE() << library << ": " << line;
  }
}

#if defined(__x86_64__)
TEST(FusedPairs, AreFoundWhereTheyAre) {
  EXPECT_FALSE(fused_pairs(disassembly(CROSSVAL_FUSED_PAIRS_CONTROL)).empty());
}
#endif

}  // namespace
}  // namespace crossval
