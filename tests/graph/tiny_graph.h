// The tiny llama model of tests/data/native and its graph.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "graph/decoder.h"

namespace crossval::testing_support {

class TinyGraph : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = GgufFile::open(CROSSVAL_TESTDATA "/native/tiny-f16.gguf");
    ASSERT_TRUE(file.has_value());
    auto model = load_model(*file);
    ASSERT_TRUE(model.has_value()) << model.error().message();
    model_ = std::move(*model);
    graph_ = build_decoder(*model_, 256);
  }

  std::unique_ptr<Model> model_;
  Graph graph_;
};

}  // namespace crossval::testing_support
