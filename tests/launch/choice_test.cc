#include "launch/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

PairChoice with(const std::string& candidate, const std::string& reference) {
  PairChoice options;
  options.defaults.model = "a.gguf";
  options.candidate = candidate;
  options.reference = reference;
  return options;
}

TEST(EnginePair, KeysOfOneSideAreAskedFor) {
  EXPECT_THAT(engine_pair(with("native", "llama.cpp"))->asked_differences, IsEmpty());
  EXPECT_THAT(engine_pair(with("native:kv=f32", "llama.cpp"))->asked_differences,
              ElementsAre("kv-type"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:kv=f32"))->asked_differences,
              ElementsAre("kv-type"));
  EXPECT_THAT(engine_pair(with("native:model=b.gguf", "llama.cpp"))->asked_differences,
              Contains("model"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:profile=production"))->asked_differences,
              ElementsAre("flash-attention", "weight-layout"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:build=b"))->asked_differences,
              ElementsAre("device", "flash-attention", "weight-layout"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:kv-v=f32"))->asked_differences,
              ElementsAre("kv-type"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:fa=on"))->asked_differences,
              ElementsAre("flash-attention"));
  EXPECT_THAT(engine_pair(with("native", "llama.cpp:repack=on"))->asked_differences,
              ElementsAre("weight-layout"));
}

TEST(EnginePair, BesideFloatsFloatsAreKept) {
  EXPECT_EQ(engine_pair(with("native", "hf:dir"))->candidate.get("kv"), "f32");
  EXPECT_EQ(engine_pair(with("hf:dir", "llama.cpp"))->reference.get("kv"), "f32");
  EXPECT_EQ(engine_pair(with("native:kv=f16", "hf:dir"))->candidate.get("kv"), "f16");
  EXPECT_EQ(engine_pair(with("native", "llama.cpp"))->candidate.get("kv"), "");
  EXPECT_EQ(engine_pair(with("oracle", "hf:dir"))->candidate.get("kv"), "");
  EXPECT_THAT(engine_pair(with("native", "hf:dir"))->asked_differences,
              AllOf(Contains("model"), Not(Contains("kv-type"))));
  PairChoice said = with("native", "hf:dir");
  said.defaults.kv = "f16";
  EXPECT_EQ(engine_pair(said)->candidate.get("kv"), "");
}

TEST(EnginePair, ThreadsAreNoAskedDifference) {
  EXPECT_THAT(engine_pair(with("native:threads=2", "llama.cpp"))->asked_differences, IsEmpty());
}

TEST(EnginePair, TokenizerGoesToTheCandidate) {
  PairChoice options = with("native", "llama.cpp");
  options.tokenizer = "t.json";
  const auto pair = engine_pair(options);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->candidate.get("tokenizer"), "t.json");
  EXPECT_EQ(pair->reference.get("tokenizer"), "");
}

TEST(EnginePair, ModelMayComeFromEachSide) {
  PairChoice options = with("native:model=a.gguf", "llama.cpp:model=b.gguf");
  options.defaults.model.clear();
  EXPECT_TRUE(engine_pair(options));
  options.reference = "llama.cpp";
  EXPECT_FALSE(engine_pair(options));
}

}  // namespace
}  // namespace crossval
