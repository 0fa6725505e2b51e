#include "native/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "kernels/kernels.h"
#include "tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::HasSubstr;

struct Case {
  const char* model;
  KvType kv;
};

class NativeBits : public testing::TestWithParam<Case> {
 protected:
  std::string golden_name() const {
    return std::string(GetParam().model) + (GetParam().kv == KvType::f16 ? "-kv-f16" : "-kv-f32");
  }
  std::string model() const { return std::string(GetParam().model) + ".gguf"; }
};

// llama.cpp's logits, bit for bit, whatever should not matter.
TEST_P(NativeBits, EqualCanonicalForAnyThreadsChunksAndKernels) {
  const std::vector<float> golden = golden_logits(golden_name());
  const std::vector<TokenId> ids = tiny_ids();
  ASSERT_EQ(golden.size(), ids.size() * 40);
  int compared = 0;
  for (const KernelSet* kernels : kernel_sets()) {
    if (!kernels->supported()) continue;
    ::setenv("CROSSVAL_KERNELS", std::string(kernels->name).c_str(), 1);
    for (const int threads : {1, 2, 3}) {
      for (const int chunk : {1, 7, 64}) {
        const auto engine =
            make_tiny({.kv = GetParam().kv, .threads = threads, .n_batch = chunk}, model());
        EXPECT_THAT(engine->info().identity.isa, testing::StrEq(kernels->description));
        EXPECT_EQ(first_difference(rows_of(*engine, ids, ids.size()), golden), -1)
            << kernels->name << ", " << threads << " threads, chunks of " << chunk;
        ++compared;
      }
    }
  }
  ::unsetenv("CROSSVAL_KERNELS");
  EXPECT_GE(compared, 9);
}

TEST_P(NativeBits, DecodeEqualsPrefill) {
  const auto engine = make_tiny({.kv = GetParam().kv}, model());
  for (const size_t step : {1, 3, 40}) {
    EXPECT_EQ(first_difference(rows_of(*engine, tiny_ids(), step), golden_logits(golden_name())),
              -1)
        << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, NativeBits,
                         testing::Values(Case{"tiny-q8_0", KvType::f16},
                                         Case{"tiny-q8_0", KvType::f32},
                                         Case{"tiny-f16", KvType::f16},
                                         Case{"tiny-f16", KvType::f32}));

TEST(NativeEngine, KvTypesDifferSoTheGoldenRowsSeeIt) {
  EXPECT_NE(first_difference(golden_logits("tiny-q8_0-kv-f16"), golden_logits("tiny-q8_0-kv-f32")),
            -1);
}

TEST(NativeEngine, ReportsWhatItRunsWith) {
  const auto engine = make_tiny({.kv = KvType::f32, .threads = 2, .n_batch = 7, .faults = {"eps"}});
  const EngineInfo& info = engine->info();
  EXPECT_EQ(info.identity.name, "native");
  EXPECT_THAT(info.identity.faults, testing::ElementsAre("eps"));
  EXPECT_EQ(info.identity.activations, "Q8_0 for Q8_0");
  EXPECT_EQ(info.settings.n_vocab, 40);
  EXPECT_EQ(info.settings.kv_type_k, "f32");
  EXPECT_EQ(info.settings.threads, 2);
  EXPECT_EQ(info.settings.n_batch, 7);
  EXPECT_TRUE(info.settings.all_logits);
  EXPECT_TRUE(info.capabilities.trace);
}

TEST(NativeEngine, TraceHandsOutEveryNodeAndDoesNotChangeBits) {
  const auto engine = make_tiny({.n_batch = 16});
  std::vector<std::string> names;
  std::vector<float> logits;
  const auto ok = engine->trace({.ids = tiny_ids()}, [&](const TraceTensor& t) {
    EXPECT_EQ(t.data.size(), static_cast<size_t>(t.positions * t.width)) << t.name;
    if (t.name == "result_output") {
      logits.insert(logits.end(), t.data.begin(), t.data.end());
    } else if (t.first_position == 0) {
      names.push_back(t.name + " " + t.op + (t.occurrence > 0 ? " again" : ""));
    }
    return true;
  });
  ASSERT_TRUE(ok.has_value()) << ok.error().message();
  EXPECT_EQ(first_difference(logits, golden_logits("tiny-q8_0-kv-f16")), -1);
  const std::vector<std::string> layer0 = {
      "embd GET_ROWS",    "norm-0 RMS_NORM",        "attn_norm-0 MUL",   "Qcur-0 MUL_MAT",
      "Qcur-0 ROPE",      "Vcur-0 MUL_MAT",         "Kcur-0 MUL_MAT",    "Kcur-0 ROPE",
      "kq-0 MUL_MAT",     "kq_soft_max-0 SOFT_MAX", "kqv_out-0 CONT",    "attn_out-0 MUL_MAT",
      "ffn_inp-0 ADD",    "norm-0 RMS_NORM again",  "ffn_norm-0 MUL",    "ffn_gate-0 MUL_MAT",
      "ffn_up-0 MUL_MAT", "ffn_swiglu-0 GLU",       "ffn_out-0 MUL_MAT", "l_out-0 ADD"};
  ASSERT_GT(names.size(), layer0.size());
  EXPECT_EQ(
      std::vector<std::string>(names.begin(), names.begin() + static_cast<long>(layer0.size())),
      layer0);
}

// Trace tensors by name, one position after the other. "Kcur-0" is the last of that name: after
// RoPE.
std::map<std::string, std::vector<float>> traced(Engine& engine, const TraceRequest& request) {
  std::map<std::string, std::vector<float>> tensors;
  const auto done = engine.trace(request, [&](const TraceTensor& t) {
    std::vector<float>& values = tensors[t.name + " " + t.op];
    values.insert(values.end(), t.data.begin(), t.data.end());
    return true;
  });
  EXPECT_EQ(done, Outcome::complete);
  return tensors;
}

TEST(NativeEngine, TheCacheHoldsWhatWasWrittenIntoIt) {
  const auto engine = make_tiny({.kv = KvType::f32, .n_batch = 7});
  const auto ids = tiny_ids();
  auto all = traced(*engine, {.ids = ids, .selection = {.state = true}});
  EXPECT_EQ(first_difference(all["cache_k-1 STATE"], all["Kcur-1 ROPE"]), -1);
  EXPECT_EQ(first_difference(all["cache_v-1 STATE"], all["Vcur-1 MUL_MAT"]), -1);
  EXPECT_FALSE(all["Kcur-1 ROPE"].empty());
  const size_t names = all.size();
  EXPECT_LT(traced(*engine, {.ids = ids}).size(), names);  // not unless it is asked for
  // On top of a cache: also the positions before the first that is evaluated.
  const size_t rest = ids.size() - 5;
  ASSERT_TRUE(
      engine->evaluate({.ids = std::span(ids).first(5)}, [](int32_t, const Row&) { return true; }));
  const auto later =
      traced(*engine,
             {.ids = std::span(ids).last(rest),
              .first = 5,
              .selection = {.names = {"cache_k-1", "Kcur-1"}, .positions = {3, 6}, .state = true}});
  const auto width = static_cast<long>(all["cache_k-1 STATE"].size() / ids.size());
  const auto begin = all["cache_k-1 STATE"].begin();
  EXPECT_EQ(later.at("cache_k-1 STATE"), std::vector(begin + 3 * width, begin + 6 * width));
  EXPECT_EQ(later.at("Kcur-1 ROPE"), std::vector(begin + 5 * width, begin + 6 * width));
}

TEST(NativeEngine, ASinkCanStop) {
  const auto engine = make_tiny({.n_batch = 7});
  int rows = 0;
  const auto ok =
      engine->evaluate({.ids = tiny_ids()}, [&](int32_t, const Row&) { return ++rows < 3; });
  EXPECT_EQ(ok, Outcome::stopped);
  EXPECT_EQ(rows, 3);
}

TEST(NativeEngine, StopsBetweenLayersWhenAsked) {
  std::stop_source source;
  const auto engine = make_tiny({.stop = source.get_token()});
  int rows = 0;
  const auto count = [&](int32_t, const Row&) { return ++rows > 0; };
  EXPECT_EQ(engine->evaluate({.ids = tiny_ids()}, count), Outcome::complete);
  EXPECT_EQ(rows, static_cast<int>(tiny_ids().size()));
  source.request_stop();
  rows = 0;
  EXPECT_EQ(engine->evaluate({.ids = tiny_ids()}, count), Outcome::stopped);
  EXPECT_EQ(rows, 0);
}

TEST(NativeEngine, RefusesBadIdsPositionsAndContexts) {
  const auto engine = make_tiny({});
  const auto nothing = [](int32_t, const Row&) { return true; };
  for (const TokenId id : {-1, 40, 1 << 30}) {
    const auto result = engine->evaluate({.ids = std::vector<TokenId>{1, id}}, nothing);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::usage);
    EXPECT_THAT(result.error().what, HasSubstr(std::to_string(id)));
  }
  const auto gap = engine->evaluate({.ids = std::vector<TokenId>{1}, .first = 5}, nothing);
  ASSERT_FALSE(gap.has_value());
  EXPECT_EQ(gap.error().code, ExitCode::internal);
  const auto long_prompt = engine->evaluate({.ids = std::vector<TokenId>(257, 1)}, nothing);
  ASSERT_FALSE(long_prompt.has_value());
  EXPECT_EQ(long_prompt.error().code, ExitCode::usage);
}

TEST(NativeEngine, NamesAKernelSetThatIsNotThere) {
  ::setenv("CROSSVAL_KERNELS", "abacus", 1);
  const auto engine = make_native_engine({.model_path = data_path("tiny-q8_0.gguf")});
  ::unsetenv("CROSSVAL_KERNELS");
  ASSERT_FALSE(engine.has_value());
  EXPECT_EQ(engine.error().code, ExitCode::usage);
  EXPECT_THAT(engine.error().what, HasSubstr("abacus"));
}

TEST(NativeEngine, TheLastRowAloneIsTheSameRow) {
  const std::vector<float> golden = golden_logits("tiny-q8_0-kv-f16");
  const size_t width = golden.size() / tiny_ids().size();
  for (const int chunk : {7, 64}) {
    const auto engine = make_tiny({.n_batch = chunk});
    ASSERT_NE(engine, nullptr);
    const std::vector<TokenId> ids = tiny_ids();
    std::vector<float> rows;
    const auto done =
        engine->evaluate({.ids = ids, .rows = Rows::last}, [&](int32_t, const Row& row) {
          rows.insert(rows.end(), row.logits.begin(), row.logits.end());
          return true;
        });
    EXPECT_EQ(done, Outcome::complete);
    EXPECT_EQ(
        first_difference(rows, {golden.end() - static_cast<std::ptrdiff_t>(width), golden.end()}),
        -1)
        << "chunks of " << chunk;
  }
}

}  // namespace
}  // namespace crossval
