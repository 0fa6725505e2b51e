// The files of tests/data/gguf, written by the gguf package (tests/golden/make_gguf_golden.py).
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <span>
#include <string>

namespace crossval::testing_support {

inline std::string gguf_path(const std::string& name) {
  return std::string(CROSSVAL_TESTDATA) + "/gguf/" + name;
}

inline std::string gguf_bytes(const std::string& name) {
  std::ifstream file(gguf_path(name), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

inline std::span<const std::byte> as_span(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

}  // namespace crossval::testing_support
