#include "launch/neutral_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NeutralSettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("CROSSVAL_WORKER");
    unsetenv("LLAMA_CPP_DIR");
    info_.settings.threads = 1;
    info_.settings.kv_type_k = info_.settings.kv_type_v = "f16";
    info_.settings.flash_attention = "off";
    info_.identity.profile = "canonical";
  }

  // The engines as a command line has them.
  std::vector<std::string> engines(const std::string& spec) const {
    std::vector<std::string> texts;
    for (const NeutralSetting& setting : of(spec).settings)
      texts.push_back(spec_text(setting.engine));
    return texts;
  }
  NeutralSettings of(const std::string& spec) const {
    return neutral_settings(*parse_engine_spec(spec), info_, 4);
  }

  EngineInfo info_;
};

TEST_F(NeutralSettingsTest, OfTheCanonicalReference) {
  EXPECT_THAT(engines("llama.cpp"),
              ElementsAre("llama.cpp:threads=2", "llama.cpp:batch=64,ubatch=48", "llama.cpp:kv=f32",
                          "llama.cpp:fa=on", "llama.cpp:profile=production",
                          "llama.cpp:fa=off,profile=production"));
  EXPECT_TRUE(of("llama.cpp").lacking.empty());
}

TEST_F(NeutralSettingsTest, OfAProductionBuild) {
  info_.identity.profile = "production";
  info_.settings.flash_attention = "on";
  EXPECT_THAT(engines("llama.cpp:profile=production"),
              ElementsAre("llama.cpp:profile=production,threads=2",
                          "llama.cpp:batch=64,profile=production,ubatch=48",
                          "llama.cpp:kv=f32,profile=production",
                          "llama.cpp:fa=off,profile=production", "llama.cpp:profile=canonical"));
}

TEST_F(NeutralSettingsTest, WhatAnEngineLacksIsSaid) {
  EXPECT_THAT(engines("native"),
              ElementsAre("native:threads=2", "native:batch=48", "native:kv=f32"));
  EXPECT_THAT(of("native").lacking, ElementsAre("flash attention: native has no such setting",
                                                "another build: native has no such setting"));
  EXPECT_THAT(of("llama.cpp:build=/b").lacking, ElementsAre("another build: this one is given"));
}

TEST_F(NeutralSettingsTest, KeysOfTheEngineStay) {
  EXPECT_THAT(engines("native:batch=9,kv=f16"),
              ElementsAre("native:batch=9,kv=f16,threads=2", "native:batch=48,kv=f16",
                          "native:batch=9,kv=f32"));
  EXPECT_EQ(engines("llama.cpp:kv-k=f16")[2], "llama.cpp:kv=f32");
}

TEST_F(NeutralSettingsTest, ThreadsGetCoresOfTheirOwn) {
  info_.settings.threads = 2;
  EXPECT_THAT(of("native").lacking.at(0), HasSubstr("threads: 3 beside 2 are too many for 4"));
}

TEST_F(NeutralSettingsTest, ACacheOfFewBitsHasNoEqual) {
  info_.settings.kv_type_k = info_.settings.kv_type_v = "q8_0";
  EXPECT_THAT(of("llama.cpp:kv=q8_0").lacking.at(0), HasSubstr("q8_0 and q8_0 are no types"));
}

}  // namespace
}  // namespace crossval
