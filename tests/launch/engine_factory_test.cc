// Engines by their names, from plain structs.
#include "launch/engine_factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "gguf/writer.h"

namespace crossval {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kTiny = CROSSVAL_TESTDATA "/native/tiny-f16.gguf";

EngineSpec spec(const std::string& text) {
  auto read = read_engine_spec(text);
  EXPECT_TRUE(read.has_value());
  EXPECT_TRUE(check_engine_spec(*read).has_value());
  return *read;
}

Error refusal(const std::string& text) {
  const auto read = read_engine_spec(text);
  EXPECT_TRUE(read.has_value());
  const auto checked = check_engine_spec(*read);
  EXPECT_FALSE(checked.has_value());
  return checked.error();
}

TEST(EngineFactory, KeysGoBeforeDefaults) {
  const EngineDefaults defaults{.model = "/nonexistent", .threads = 2, .context = 16, .batch = 8};
  const auto engine = make_engine(spec("native:kv=f32,batch=4,model=" + kTiny), defaults, {});
  ASSERT_TRUE(engine.has_value());
  const EngineSettings& settings = (*engine)->info().settings;
  EXPECT_EQ(settings.model_path, kTiny);
  EXPECT_EQ(settings.kv_type_k, "f32");
  EXPECT_EQ(settings.n_batch, 4);
  EXPECT_EQ(settings.n_ctx, 16);
  EXPECT_EQ(settings.threads, 2);
}

TEST(EngineFactory, TokensOnlyNeedsNoWeights) {
  const auto folder = TempFolder::make();
  ASSERT_TRUE(folder.has_value());
  const std::string path = folder->path() + "/keys-only.gguf";
  GgufWriter writer(path);
  writer.add_string("general.architecture", "llama");
  ASSERT_TRUE(writer.start() && writer.finish());
  EngineDefaults defaults{.model = path};
  EXPECT_FALSE(make_engine(spec("native"), defaults, {}).has_value());
  defaults.tokens_only = true;
  EXPECT_TRUE(make_engine(spec("native"), defaults, {}).has_value());
}

TEST(EngineFactory, AFileThatIsNoLanguageModel) {
  const auto folder = TempFolder::make();
  ASSERT_TRUE(folder.has_value());
  const std::string path = folder->path() + "/adapter.gguf";
  GgufWriter writer(path);
  writer.add_string("general.type", "adapter");
  writer.add_string("general.architecture", "llama");
  ASSERT_TRUE(writer.start() && writer.finish());
  for (const char* engine : {"native", "llama.cpp:worker=/nonexistent"}) {
    const auto made = make_engine(spec(engine), {.model = path}, {});
    ASSERT_FALSE(made.has_value());
    EXPECT_THAT(made.error().message(), HasSubstr("adapter"));
  }
}

TEST(EngineFactory, NamesAndKeysAreChecked) {
  EXPECT_THAT(refusal("natvie").hint,
              AllOf(HasSubstr("Did you mean native?"), HasSubstr("native, llama.cpp")));
  EXPECT_THAT(refusal("native:threds=2").hint, HasSubstr("Did you mean threads?"));
  EXPECT_THAT(refusal("native:fa=on").hint, HasSubstr("Native has no flash attention"));
  EXPECT_THAT(refusal("llama.cpp:fault=luck").hint, HasSubstr("There are: model, threads"));
  EXPECT_EQ(refusal("llama.cpp:fa=of").what, "fa=of is none of on, off, auto");
  EXPECT_EQ(refusal("llama.cpp:profile=fast").what,
            "profile=fast is none of canonical, production");
}

TEST(EngineFactory, AProgramThatIsNotThereIsNamed) {
  const auto made = make_engine(spec("exec:no-such-program -x,own=1,kv=f32"), {.model = kTiny}, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ExitCode::engine_failed);
  EXPECT_EQ(made.error().where, "engine exec:no-such-program -x");
  EXPECT_THAT(made.error().message(), HasSubstr("PATH"));
  const auto silent = make_engine(spec("exec:true"), {.model = kTiny}, {});
  ASSERT_FALSE(silent.has_value());
  EXPECT_THAT(silent.error().message(), HasSubstr("engine exec:true exited with status 0"));
}

TEST(EngineFactory, TransformersNeedAPython) {
  auto made = make_engine(spec("hf:dir,python=no-such-python"), {}, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ExitCode::engine_failed);
  EXPECT_THAT(made.error().message(), AllOf(HasSubstr("no-such-python"), HasSubstr("python=PATH")));
  made = make_engine(spec("hf:dir,python=true"), {}, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().hint, HasSubstr("-m pip install numpy torch transformers"));
  EXPECT_EQ(refusal("hf:dir,dtype=float64").what,
            "dtype=float64 is none of float32, float16, bfloat16");
  EXPECT_THAT(refusal("hf:dir,kv=f16").hint, HasSubstr("dtype="));
}

TEST(EngineFactory, NumbersAreChecked) {
  for (const char* value : {"0", "x", "", "70000", "1.5"}) {
    const auto made = make_engine(spec(std::string("native:batch=") + value), {.model = kTiny}, {});
    ASSERT_FALSE(made.has_value()) << value;
    EXPECT_EQ(made.error().what, std::string("batch=") + value + " is no number from 1 to 65536");
  }
}

TEST(EngineFactory, HelpHasEveryKind) {
  for (const std::string& name : engine_names()) {
    EXPECT_THAT(engine_help(), HasSubstr("keys of " + name + ": model"));
  }
}

}  // namespace
}  // namespace crossval
