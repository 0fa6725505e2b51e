#include "engine/spec.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(EngineSpec, NameAlone) {
  const auto spec = parse_engine_spec("native");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->name, "native");
  EXPECT_TRUE(spec->options.empty());
}

TEST(EngineSpec, OptionsKeepEqualsAndDoubledCommas) {
  const auto spec = parse_engine_spec("llama.cpp:src=/a,,b,profile=production,x=y=z");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->get("src"), "/a,b");
  EXPECT_EQ(spec->get("profile"), "production");
  EXPECT_EQ(spec->get("x"), "y=z");
  EXPECT_EQ(spec->get("kv", "f16"), "f16");
}

TEST(EngineSpec, AWordBehindTheColonIsPartOfTheName) {
  const auto spec = parse_engine_spec("oracle:declared,threads=2");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->name, "oracle:declared");
  EXPECT_EQ(spec->get("threads"), "2");
}

TEST(EngineSpec, HuggingFaceHasItsModelBehindTheColon) {
  const auto spec = parse_engine_spec("hf:/a,,b/c,dtype=bfloat16");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->name, "hf");
  EXPECT_EQ(spec->get("model"), "/a,b/c");
  EXPECT_EQ(spec->get("dtype"), "bfloat16");
  EXPECT_EQ(parse_engine_spec("hf:model=/a=b")->get("model"), "/a=b");
  EXPECT_EQ(spec_text(*spec), "hf:dtype=bfloat16,model=/a,,b/c");
  EXPECT_FALSE(parse_engine_spec("hf:/a,model=/b").has_value());
}

TEST(EngineSpec, ExecHasACommand) {
  const auto spec = parse_engine_spec("exec:python 'my engine.py' --x=1 http://a,kv=f32,lr=a,,b");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->name, "exec");
  const std::vector<std::string> words = {"python", "my engine.py", "--x=1", "http://a"};
  EXPECT_EQ(spec->command, words);
  EXPECT_EQ(spec->get("kv"), "f32");
  EXPECT_EQ(spec->get("lr"), "a,b");
  EXPECT_TRUE(parse_engine_spec("exec:./engine")->options.empty());
}

TEST(EngineSpec, AServerIsAnAddress) {
  for (const char* text :
       {"http://a:80/b,top=5", "http:http://a:80/b,top=5", "http:a:80/b,top=5"}) {
    const auto spec = parse_engine_spec(text);
    ASSERT_TRUE(spec.has_value()) << text;
    EXPECT_EQ(spec->name, "http");
    EXPECT_EQ(spec->operand, "http://a:80/b");
    EXPECT_EQ(spec->get("top"), "5");
    EXPECT_EQ(spec_text(*spec), "http://a:80/b,top=5");
  }
  EXPECT_EQ(parse_engine_spec("https://[::1]:8443/x,,y")->operand, "https://[::1]:8443/x,y");
}

TEST(EngineSpec, IsWrittenAsItIsRead) {
  for (const char* text :
       {"native", "llama.cpp:kv=f32,src=/a,,b", "oracle:declared",
        "oracle:declared,kv=f32,threads=2", "exec:'python' 'my engine.py',kv=f32",
        "https://h/x,,y,served-model=a,,b,top=all"}) {
    EXPECT_EQ(spec_text(*parse_engine_spec(text)), text);
  }
}

TEST(EngineSpec, RefusesWhatItCannotRead) {
  for (const char* text :
       {"", ":kv=f16", "native:", "native:kv=f16,threads", "native:=f16", "native:kv=a,kv=b",
        "exec", "exec:", "http", "http:", "https", "http://a,top", "http://a,top=1,top=2",
        "exec:,kv=f32", "exec:a 'b", "exec:a,kv", "exec:a,b,kv=f32"}) {
    const auto spec = parse_engine_spec(text);
    ASSERT_FALSE(spec.has_value()) << text;
    EXPECT_EQ(spec.error().code, ExitCode::usage);
  }
}

}  // namespace
}  // namespace crossval
