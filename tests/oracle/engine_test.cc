// The whole of tiny models: beside canonical llama.cpp's logits (tests/golden), and beside itself.
#include "oracle/engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "native/tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;

std::unique_ptr<Engine> make_oracle(const std::string& model, const Rounding& rounding,
                                    int threads = 1, int64_t n_batch = 512) {
  auto engine = make_oracle_engine({.model_path = data_path(model),
                                    .rounding = rounding,
                                    .threads = threads,
                                    .n_ctx = 256,
                                    .n_batch = n_batch});
  EXPECT_TRUE(engine.has_value()) << engine.error().message();
  return engine ? std::move(*engine) : nullptr;
}

double relative_l2(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double difference = 0;
  double length = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    length += double{b[i]} * b[i];
  }
  return std::sqrt(difference / length);
}

TEST(Oracle, IsWhatCanonicalRoundsAwayFrom) {
  const std::vector<TokenId> ids = tiny_ids();
  const auto oracle = make_oracle("tiny-q8_0.gguf", {});
  const auto declared = make_oracle("tiny-q8_0.gguf", kDeclared);
  const auto golden = golden_logits("tiny-q8_0-kv-f16");
  const double ideal = relative_l2(rows_of(*oracle, ids, ids.size()), golden);
  const double rounded = relative_l2(rows_of(*declared, ids, ids.size()), golden);
  EXPECT_GT(ideal, 1e-4);  // 8-bit activations
  EXPECT_LT(ideal, 5e-2);
  EXPECT_LT(rounded, ideal);
}

// The same mistake in both arithmetics leaves them as near to each other as they were.
TEST(Oracle, MakesPlantedMistakes) {
  const std::vector<TokenId> ids = tiny_ids();
  OracleOptions options{
      .model_path = data_path("tiny-f16.gguf"), .rounding = kDeclared, .n_ctx = 256};
  options.faults = {"rope-base"};
  auto oracle = make_oracle_engine(options);
  ASSERT_TRUE(oracle.has_value()) << oracle.error().message();
  EXPECT_EQ((*oracle)->info().identity.faults, options.faults);
  const auto native = make_tiny({.faults = options.faults}, "tiny-f16.gguf");
  const auto bent = rows_of(**oracle, ids, ids.size());
  EXPECT_LT(relative_l2(bent, rows_of(*native, ids, ids.size())), 1e-3);
  EXPECT_GT(relative_l2(bent, rows_of(*make_tiny({}, "tiny-f16.gguf"), ids, ids.size())), 1e-2);
  options.faults = {"sink"};
  oracle = make_oracle_engine(options);
  ASSERT_FALSE(oracle.has_value());
  EXPECT_EQ(oracle.error().where, "engine oracle:declared");
}

TEST(Oracle, ThreadsChunksAndStepsChangeNoBit) {
  const std::vector<TokenId> ids = tiny_ids();
  for (const Rounding& rounding : {Rounding{}, kDeclared}) {
    const auto whole = rows_of(*make_oracle("tiny-q8_0.gguf", rounding), ids, ids.size());
    for (const int threads : {1, 3}) {
      EXPECT_EQ(first_difference(
                    rows_of(*make_oracle("tiny-q8_0.gguf", rounding, threads, 7), ids, ids.size()),
                    whole),
                -1);
      EXPECT_EQ(first_difference(rows_of(*make_oracle("tiny-q8_0.gguf", rounding, threads), ids, 1),
                                 whole),
                -1);
    }
  }
}

TEST(Oracle, TracesAndShowsItsCache) {
  const auto oracle = make_oracle("tiny-q8_0.gguf", {});
  const std::vector<TokenId> ids = tiny_ids();
  Selection selection;
  selection.state = true;
  int tensors = 0;
  int caches = 0;
  const auto done = oracle->trace({.ids = ids, .selection = selection}, [&](const TraceTensor& t) {
    ++tensors;
    caches += t.op == kStateOp;
    return true;
  });
  ASSERT_TRUE(done.has_value()) << done.error().message();
  EXPECT_GT(tensors, 20);
  EXPECT_GT(caches, 1);
}

}  // namespace
}  // namespace crossval
