// Files compiled for AVX2 give the linker nothing that another file may also have: an inline
// function or a template instance of theirs could be the copy that the whole program gets, and ends
// it on a processor without AVX2. Looked at without inlining, where every such function is emitted,
// whatever a compiler inlines today.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "base/run_program.h"

namespace crossval {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> files(const char* joined) {
  std::istringstream list(joined);
  std::vector<std::string> paths;
  for (std::string path; std::getline(list, path, '|');) paths.push_back(path);
  return paths;
}

/// Functions of an object file that the linker sees, as nm prints them: "W name" or "T name".
std::vector<std::string> functions(const std::string& object) {
  const auto run = run_program({CROSSVAL_NM, "-C", "--defined-only", object}, {}, "",
                               {.timeout = std::chrono::minutes(1), .max_output = size_t{1} << 26});
  EXPECT_TRUE(run.has_value()) << run.error().message();
  if (!run) return {};
  EXPECT_EQ(run->exit_status, 0) << run->error_tail;
  std::vector<std::string> found;
  std::istringstream lines(run->out);
  for (std::string line; std::getline(lines, line);) {
    const std::string symbol = line.substr(line.find(' ') + 1);
    if (symbol.starts_with("W ") || symbol.starts_with("T ")) found.push_back(symbol);
  }
  return found;
}

/// Those that another file could have too. What the sets are called by is theirs alone.
std::vector<std::string> shared_functions(const std::string& object) {
  std::vector<std::string> shared = functions(object);
  std::erase_if(shared, [](const std::string& symbol) {
    return symbol.starts_with("T crossval::avx2::") || symbol == "T crossval::avx2_row_kernels()";
  });
  return shared;
}

TEST(Avx2Symbols, AreOfTheSetsAlone) {
  const std::vector<std::string> objects = files(CROSSVAL_AVX2_OBJECTS);
  ASSERT_GE(objects.size(), 11U);
  size_t own = 0;
  for (const std::string& object : objects) {
    EXPECT_THAT(shared_functions(object), IsEmpty()) << object;
    own += functions(object).size();
  }
  EXPECT_GE(own, 4U);  // softmax, swiglu, find_pack, avx2_row_kernels: nm did look
}

TEST(Avx2Symbols, AnInlineFunctionAndATemplateAreTold) {
  EXPECT_THAT(
      shared_functions(CROSSVAL_AVX2_CONTROL),
      UnorderedElementsAre("W shared_inline(float)", "W float shared_template<float>(float)",
                           "T seen_by_the_linker(float)"));
}

}  // namespace
}  // namespace crossval
