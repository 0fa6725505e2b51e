// The tiny models of tests/data/native and what canonical llama.cpp computes for them
// (tests/golden/make_native_golden.py).
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "native/engine.h"

namespace crossval::testing_support {

inline std::string data_path(const std::string& name) {
  return std::string(CROSSVAL_TESTDATA) + "/native/" + name;
}

inline std::vector<TokenId> tiny_ids() {
  std::ifstream file(data_path("ids.txt"));
  return {std::istream_iterator<TokenId>(file), {}};
}

/// Rows of llama.cpp, positions × vocabulary; `name` is "tiny-q8_0-kv-f16".
inline std::vector<float> golden_logits(const std::string& name) {
  std::ifstream file(data_path(name + ".logits"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

inline std::unique_ptr<Engine> make_tiny(NativeOptions options,
                                         const std::string& model = "tiny-q8_0.gguf") {
  options.model_path = data_path(model);
  options.n_ctx = 256;
  auto engine = make_native_engine(options);
  EXPECT_TRUE(engine.has_value()) << engine.error().message();
  return engine ? std::move(*engine) : nullptr;
}

/// All rows, evaluated `step` ids at a call.
inline std::vector<float> rows_of(Engine& engine, const std::vector<TokenId>& ids, size_t step) {
  std::vector<float> rows;
  int32_t expected = 0;
  for (size_t at = 0; at < ids.size(); at += step) {
    const size_t n = std::min(step, ids.size() - at);
    const auto ok =
        engine.evaluate({.ids = std::span(ids).subspan(at, n), .first = static_cast<int32_t>(at)},
                        [&](int32_t position, const Row& row) {
                          EXPECT_EQ(position, expected++);
                          rows.insert(rows.end(), row.logits.begin(), row.logits.end());
                          return true;
                        });
    EXPECT_TRUE(ok.has_value()) << ok.error().message();
  }
  return rows;
}

/// Index of the first value whose bits differ, or -1; a different length differs at the shorter
/// end.
inline int64_t first_difference(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0) return static_cast<int64_t>(i);
  }
  return a.size() == b.size() ? -1 : static_cast<int64_t>(std::min(a.size(), b.size()));
}

}  // namespace crossval::testing_support
