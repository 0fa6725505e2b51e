#include "launch/foreign_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Foreign : public ::testing::TestWithParam<const char*> {};

TEST_P(Foreign, IsRefusedWithTheWaysThatThereAre) {
  const auto error = refuse_foreign_engine(GetParam());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, ExitCode::usage);
  EXPECT_THAT(error->message(), AllOf(HasSubstr(GetParam()), HasSubstr("docs/protocol.md"),
                                      HasSubstr("exec:COMMAND"), HasSubstr("--dump DIR")));
}

INSTANTIATE_TEST_SUITE_P(All, Foreign,
                         ::testing::Values("ftp://localhost:8080", "ollama", "Ollama:llama3.2:1b",
                                           "vllm", "vLLM:model=x", "pytorch", "model.safetensors",
                                           "./my-engine", "llama-server"));

TEST(ForeignEngine, RelativesOfLlamaCppGoByItsName) {
  for (const char* text : {"ik_llama.cpp", "bitnet.cpp", "bitnet.cpp:build=/b", "llama-cli"}) {
    const auto error = refuse_foreign_engine(text);
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_THAT(error->hint,
                AllOf(HasSubstr("llama.cpp:src=DIR"), HasSubstr("llama.cpp:build=DIR")));
  }
}

TEST(ForeignEngine, AServerIsWrittenWithItsHttp) {
  for (const char* text : {"localhost:11434", "127.0.0.1:8000"}) {
    const auto error = refuse_foreign_engine(text);
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_THAT(error->hint, HasSubstr(std::string("http://") + text));
  }
}

TEST(ForeignEngine, TransformersGoByAnotherName) {
  for (const char* text :
       {"transformers", "huggingface:gpt2", CROSSVAL_TESTDATA "/checkpoints/llama"}) {
    const auto error = refuse_foreign_engine(text);
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_THAT(error->hint, HasSubstr("hf:DIR"));
  }
}

TEST(ForeignEngine, AFileOfRowsIsPlayedBack) {
  for (const char* text : {"run.xval", "logits.npy", "/data/a/logits.npz", "pytorch-m.bin"}) {
    const auto error = refuse_foreign_engine(text);
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_THAT(error->hint, HasSubstr(std::string("replay:") + text));
  }
}

TEST(ForeignEngine, AModelIsRunByAnEngine) {
  const auto error = refuse_foreign_engine("/models/a.gguf");
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->hint, HasSubstr("native:model=/models/a.gguf"));
}

TEST(ForeignEngine, OursAndMistypedOnesAreNotForeign) {
  for (const char* text :
       {"native", "llama.cpp", "natvie", "llama.ccp", "native:model=/m/a.gguf,kv=f32",
        "llama.cpp:src=~/llama.cpp", "native:tokenizer=t.json", "hf:/m/a", "", ":", "native:kv"}) {
    EXPECT_FALSE(refuse_foreign_engine(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace crossval
