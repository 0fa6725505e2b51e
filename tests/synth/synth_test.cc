#include "synth/synth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "gguf/file.h"
#include "model/architecture.h"
#include "native/engine.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;

class Synth : public ::testing::Test {
 protected:
  SynthOptions small(const std::string& name, const char* type = "Q4_K") {
    SynthOptions options;
    options.types = {find_weight_format(type)};
    options.layers = 2;
    options.embd = 256;
    options.heads = 4;
    options.kv_heads = 2;
    options.ff = 512;
    options.path = (dir_ / name).string();
    return options;
  }
  static std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  fs::path dir_ =
      fs::path(::testing::TempDir()) /
      ("synth-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(Synth, EveryMatrixHasTheNamedType) {
  ASSERT_TRUE(synthesize(small("m.gguf")));
  const auto file = GgufFile::open((dir_ / "m.gguf").string());
  ASSERT_TRUE(file) << file.error().message();
  int matrices = 0;
  for (const GgufTensor& tensor : file->tensors()) {
    if (tensor.dims < 2) continue;
    ++matrices;
    EXPECT_EQ(tensor.type_id, static_cast<uint32_t>(WeightType::q4_k)) << tensor.name;
  }
  EXPECT_EQ(matrices, 2 * 7 + 2);
}

TEST_F(Synth, AStopLeavesNothing) {
  SynthOptions options = small("m.gguf");
  std::stop_source source;
  options.stop = source.get_token();
  source.request_stop();
  const auto made = synthesize(options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ExitCode::interrupted);
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(Synth, TypesAreTakenInTurn) {
  SynthOptions options = small("m.gguf");
  options.types.push_back(find_weight_format("F16"));
  ASSERT_TRUE(synthesize(options));
  const auto file = GgufFile::open(options.path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->find_tensor("token_embd.weight")->type_id, 12U);
  EXPECT_EQ(file->find_tensor("output.weight")->type_id, 1U);
  EXPECT_EQ(file->find_tensor("blk.0.attn_q.weight")->type_id, 12U);
  EXPECT_EQ(file->find_tensor("blk.0.attn_k.weight")->type_id, 1U);
}

TEST_F(Synth, ASeedDecidesEveryByte) {
  SynthOptions options = small("a.gguf");
  ASSERT_TRUE(synthesize(options));
  options.path = (dir_ / "b.gguf").string();
  ASSERT_TRUE(synthesize(options));
  EXPECT_EQ(bytes_of((dir_ / "a.gguf").string()), bytes_of((dir_ / "b.gguf").string()));
  options.seed = 2;
  ASSERT_TRUE(synthesize(options));
  EXPECT_NE(bytes_of((dir_ / "a.gguf").string()), bytes_of((dir_ / "b.gguf").string()));
}

TEST_F(Synth, LogitsLookLikeATrainedModels) {
  for (const char* type : {"F32", "Q4_0", "Q6_K", "IQ1_M", "MXFP4"}) {
    const SynthOptions options = small("m.gguf", type);
    ASSERT_TRUE(synthesize(options));
    auto engine = make_native_engine({.model_path = options.path});
    ASSERT_TRUE(engine) << engine.error().message();
    const std::vector<TokenId> ids = {5, 80, 33, 260, 17, 100, 41, 9};
    int rows = 0;
    ASSERT_TRUE((*engine)->evaluate({.ids = ids}, [&](int32_t, const Row& row) {
      double squares = 0;
      for (const float logit : row.logits) squares += double{logit} * logit;
      const double deviation = std::sqrt(squares / static_cast<double>(row.logits.size()));
      EXPECT_GT(deviation, 1.0) << type;
      EXPECT_LT(deviation, 20.0) << type;
      ++rows;
      return true;
    }));
    EXPECT_EQ(rows, 8);
  }
}

TEST_F(Synth, EveryArchitectureCanBeMadeAndEvaluated) {
  for (const Architecture& architecture : architectures()) {
    for (const uint64_t seed : {0, 1, 2, 3}) {  // 0: without extras
      SynthOptions options = small("m.gguf", "Q8_0");
      options.architecture = architecture.name;
      options.seed = seed;
      options.extras = seed != 0;
      if (architecture.window.kind != WindowKind::none) options.window = 5;
      if (!architecture.grouped_heads) options.kv_heads = options.heads;
      options.context = 64;
      const auto made = synthesize(options);
      ASSERT_TRUE(made) << architecture.name << ": " << made.error().message();
      auto engine = make_native_engine({.model_path = options.path, .n_ctx = 64});
      ASSERT_TRUE(engine) << architecture.name << ": " << engine.error().message();
      const std::vector<TokenId> ids = {5, 80, 33, 260, 17, 100, 41, 9};
      ASSERT_TRUE((*engine)->evaluate({.ids = ids}, [&](int32_t, const Row& row) {
        double squares = 0;
        for (const float logit : row.logits) squares += double{logit} * logit;
        const double deviation = std::sqrt(squares / static_cast<double>(row.logits.size()));
        EXPECT_GT(deviation, 0.5) << architecture.name << ", seed " << seed;
        EXPECT_LT(deviation, 30.0) << architecture.name << ", seed " << seed;
        return true;
      }));
    }
  }
}

TEST_F(Synth, LearnedPositionsAreAllThatTheNativeEngineEvaluates) {
  SynthOptions options = small("m.gguf", "F16");
  options.architecture = "gpt2";
  options.context = 16;
  ASSERT_TRUE(synthesize(options));
  const auto engine = make_native_engine({.model_path = options.path});
  ASSERT_TRUE(engine) << engine.error().message();
  EXPECT_EQ((*engine)->info().settings.n_ctx, 16);
  EXPECT_EQ((*engine)->info().settings.n_ctx_learned, 16);
  const auto evaluate = [&](size_t positions) {
    return (*engine)->evaluate({.ids = std::vector<TokenId>(positions, 5)},
                               [](int32_t, const Row&) { return true; });
  };
  EXPECT_TRUE(evaluate(16));
  const auto refused = evaluate(17);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::usage);
  EXPECT_EQ(refused.error().what, "17 positions do not fit into a context of 16");
  EXPECT_EQ(refused.error().hint, "The model has learned no more positions: shorten the prompt.");
}

TEST_F(Synth, ExtrasDependOnTheSeed) {
  std::set<std::string> kinds;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SynthOptions options = small("m.gguf", "F16");
    options.extras = true;
    options.seed = seed;
    ASSERT_TRUE(synthesize(options));
    const auto file = GgufFile::open(options.path);
    ASSERT_TRUE(file);
    for (const char* name : {"output.weight", "blk.0.attn_qkv.weight", "blk.0.attn_output.bias",
                             "blk.0.attn_output.scale"})
      kinds.insert(std::string(name) +
                   (file->find_tensor(name) != nullptr ? " made" : " left out"));
  }
  EXPECT_EQ(kinds.size(), 8U);
}

TEST_F(Synth, RopeMayRotateAPartOfAHead) {
  SynthOptions options = small("m.gguf");
  options.architecture = "phi2";
  const auto rotated = [&](int64_t asked) {
    options.rope_dim = asked;
    const auto made = synthesize(options);
    EXPECT_TRUE(made) << made.error().message();
    return *GgufFile::open(options.path)->get_int("phi2.rope.dimension_count");
  };
  EXPECT_EQ(rotated(0), options.embd / options.heads);
  EXPECT_EQ(rotated(16), 16);
}

TEST_F(Synth, TakesTheVocabularyOfAnotherFile) {
  SynthOptions first = small("first.gguf");
  ASSERT_TRUE(synthesize(first));
  SynthOptions second = small("second.gguf", "Q8_0");
  second.vocabulary_path = first.path;
  ASSERT_TRUE(synthesize(second));
  const auto a = GgufFile::open(first.path);
  const auto b = GgufFile::open(second.path);
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a->get_array("tokenizer.ggml.tokens"))->strings,
            (*b->get_array("tokenizer.ggml.tokens"))->strings);
  EXPECT_EQ(*b->get_int("tokenizer.ggml.eos_token_id"), 2);
}

TEST_F(Synth, RefusesSizesThatDoNotDivide) {
  const auto refused = [&](auto change) {
    SynthOptions options = small("m.gguf");
    change(options);
    const auto done = synthesize(options);
    return !done && done.error().code == ExitCode::usage && !fs::exists(options.path);
  };
  EXPECT_TRUE(refused([](SynthOptions& o) { o.embd = 320; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.ff = 300; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.heads = 3; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.kv_heads = 3; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.layers = 0; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.architecture = "mamba"; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.head_dim = 33; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.rope_dim = 3; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.rope_dim = 2 + o.embd / o.heads; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.architecture = "gemma3", o.window = -1; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.experts = 4, o.experts_used = 5; }));
  EXPECT_TRUE(refused([](SynthOptions& o) { o.architecture = "gemma", o.experts = 4; }));
}

TEST_F(Synth, WhatAnArchitectureHasNoUseForIsRefused) {
  const auto said = [&](const char* architecture, auto change) {
    SynthOptions options = small("m.gguf");
    options.architecture = architecture;
    change(options);
    const auto done = synthesize(options);
    return done ? "" : done.error().what;
  };
  const auto window = [](SynthOptions& o) { o.window = 20; };
  EXPECT_EQ(said("llama", window), "architecture llama has no windows");
  EXPECT_EQ(said("gemma3", window), "");
  const auto used = [](SynthOptions& o) { o.experts_used = 3; };
  EXPECT_EQ(said("gpt2", used), "architecture gpt2 has no experts");
  EXPECT_EQ(said("llama", used), "--experts-used without experts");
  EXPECT_EQ(said("qwen3moe", used), "");
  const auto rope = [](SynthOptions& o) { o.rope_dim = 32; };
  EXPECT_EQ(said("gpt2", rope), "architecture gpt2 has no RoPE");
  EXPECT_EQ(said("gptneox", rope), "");
}

TEST_F(Synth, LeavesNothingBehindWhenItCannotWrite) {
  SynthOptions options = small("m.gguf");
  options.path = (dir_ / "no-such-folder" / "m.gguf").string();
  const auto done = synthesize(options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ExitCode::cannot_write);
  EXPECT_TRUE(fs::is_empty(dir_));
}

}  // namespace
}  // namespace crossval
