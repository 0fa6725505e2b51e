// Output held against a file that somebody has read and approved.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace crossval::testing {

/// Compares with tests/data/`file`. With CROSSVAL_APPROVE set the file is written instead, to be
/// read before it is committed, and the test fails all the same.
inline void expect_approved(const std::string& file, const std::string& text) {
  const std::string path = std::string(CROSSVAL_TESTDATA) + "/" + file;
  if (std::getenv("CROSSVAL_APPROVE") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    FAIL() << path << " is written: read it";
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path;
  std::stringstream approved;
  approved << in.rdbuf();
  EXPECT_EQ(text, approved.str());
}

}  // namespace crossval::testing
