// What another front door than the command line does: from plain structs to engines with a prompt.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/temp_folder.h"
#include "launch/model_files.h"
#include "launch/prompted_engine.h"
#include "launch/prompted_pair.h"

namespace crossval {
namespace {

const std::string kTiny = CROSSVAL_TESTDATA "/native/tiny-f16.gguf";
const std::string kOther = CROSSVAL_TESTDATA "/native/tiny-q8_0.gguf";

Result<std::string> no_template(const TemplateInput&) {
  return fail(ExitCode::engine_failed, "no template is needed");
}

PromptRequest ids() {
  PromptRequest request;
  request.token_ids = "1,2,3";
  return request;
}

TEST(PromptedEngine, IsChosenAndOpened) {
  EngineChoice choice;
  choice.defaults.model = kTiny;
  choice.defaults.context = 8;
  auto chosen = choose_prompted_engine(choice, ids(), {}, no_template);
  ASSERT_TRUE(chosen.has_value());
  const auto opened = open_prompted_engine(*std::move(chosen), {});
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->prompt.ids, (std::vector<TokenId>{1, 2, 3}));
  int rows = 0;
  const auto done = opened->engine->evaluate({.ids = opened->prompt.ids}, [&](int32_t, const Row&) {
    ++rows;
    return true;
  });
  EXPECT_EQ(done, Outcome::complete);
  EXPECT_EQ(rows, 3);
}

TEST(PromptedEngine, WhatIsWrongIsSaidBeforeItLoads) {
  EngineChoice choice;
  EXPECT_EQ(choose_prompted_engine(choice, ids(), {}, no_template).error().what, "no model given");
  choice.defaults.model = "/nonexistent/a.gguf";
  PromptRequest nothing;
  EXPECT_FALSE(choose_prompted_engine(choice, nothing, {}, no_template).has_value());
  auto chosen = choose_prompted_engine(choice, ids(), {}, no_template);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(open_prompted_engine(*std::move(chosen), {}).error().code, ExitCode::bad_input_file);
}

TEST(PromptedPair, BothSidesGetOneContext) {
  PairChoice choice;
  choice.candidate = "native:kv=f32";
  choice.reference = "native:model=" + kOther;
  choice.defaults.model = kTiny;
  choice.defaults.context = 8;
  auto chosen = choose_prompted_pair(choice, ids(), {}, no_template);
  ASSERT_TRUE(chosen.has_value());
  const auto opened = open_prompted_pair(*std::move(chosen), {});
  ASSERT_TRUE(opened.has_value());
  const EngineSettings& candidate = opened->engines.candidate->info().settings;
  const EngineSettings& reference = opened->engines.reference->info().settings;
  EXPECT_EQ(candidate.model_path, kTiny);
  EXPECT_EQ(reference.model_path, kOther);
  EXPECT_EQ(candidate.n_ctx, 8);
  EXPECT_EQ(reference.n_ctx, 8);
  EXPECT_EQ(opened->specs.asked_differences,
            (std::vector<std::string>{"context-class", "kv-type", "model", "norm-eps", "rope"}));
}

// What was opened before the file was gone is all that there is.
TEST(PromptedPair, TheModelIsOpenedOnce) {
  const auto folder = TempFolder::make();
  ASSERT_TRUE(folder.has_value());
  PairChoice choice;
  choice.reference = "native";
  choice.defaults.model = folder->path() + "/a.gguf";
  std::filesystem::copy_file(kTiny, choice.defaults.model);
  PromptRequest text;
  text.text = "a";
  for (const PromptRequest& prompt : {ids(), text}) {
    const OpenedFiles files;
    auto chosen = choose_prompted_pair(choice, prompt, files, no_template);
    ASSERT_TRUE(chosen.has_value()) << chosen.error().message();
    std::filesystem::remove(choice.defaults.model);
    const auto opened = open_prompted_pair(*std::move(chosen), {.files = files});
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    const auto models = compare_model_files(opened->engines.candidate->info().settings.model_path,
                                            opened->engines.reference->info().settings.model_path,
                                            files, folder->path(), {});
    ASSERT_TRUE(models.has_value()) << models.error().message();
    EXPECT_TRUE(models->same);
    std::filesystem::copy_file(kTiny, choice.defaults.model);
  }
}

}  // namespace
}  // namespace crossval
