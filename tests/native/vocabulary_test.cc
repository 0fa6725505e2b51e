#include "native/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "native/faults.h"
#include "support/gguf_writer.h"
#include "tiny_model.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::data_path;
using testing_support::make_tiny;

/// A SentencePiece-style vocabulary of eight tokens. By hand: "ab" gets a space in front, "a" "b"
/// join first (score -1 above -2), then the space joins them: token 7 alone, after BOS.
std::string small_vocabulary(std::string_view model = "llama") {
  GgufWriter writer;
  writer.add_string("general.architecture", "llama");
  writer.add_string("tokenizer.ggml.model", model);
  writer.add_strings("tokenizer.ggml.tokens",
                     {"<unk>", "<s>", "</s>", "\xE2\x96\x81", "a", "b", "ab",
                      "\xE2\x96\x81"
                      "ab"});
  const float scores[8] = {0, 0, 0, -5, -6, -7, -1, -2};
  const int32_t kinds[8] = {2, 3, 3, 1, 1, 1, 1, 1};
  writer.add_numbers("tokenizer.ggml.scores", GgufType::f32, 8, std::as_bytes(std::span(scores)));
  writer.add_numbers("tokenizer.ggml.token_type", GgufType::i32, 8,
                     std::as_bytes(std::span(kinds)));
  return writer.file();
}

/// A file of the current test, deleted at the end of the scope.
class TestFile {
 public:
  TestFile(const std::string& name, const std::string& bytes)
      : path_((std::filesystem::path(testing::TempDir()) /
               (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
                name))
                  .string()) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TestFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(NativeVocabulary, TextGoesThroughTheVocabularyOfTheModelFile) {
  const TestFile file("model.gguf", small_vocabulary());
  const auto model = GgufFile::open(file.path());
  ASSERT_TRUE(model.has_value()) << model.error().message();
  const auto vocabulary = NativeVocabulary::create(*model, "", false);
  ASSERT_TRUE(vocabulary.has_value()) << vocabulary.error().message();
  EXPECT_TRUE(vocabulary->present());
  EXPECT_TRUE(vocabulary->add_bos());
  EXPECT_FALSE(vocabulary->add_eos());
  EXPECT_THAT(vocabulary->tokenize("ab", {}).value(), ElementsAre(1, 7));
  EXPECT_THAT(vocabulary->tokenize("ab", {.add_special = false}).value(), ElementsAre(7));
  EXPECT_THAT(vocabulary->pieces(std::vector<TokenId>{1, 7, 5}).value(),
              ElementsAre("<s>", " ab", "b"));
  EXPECT_TRUE(vocabulary->is_end_of_generation(2));
  EXPECT_FALSE(vocabulary->is_end_of_generation(7));
}

TEST(NativeVocabulary, RowsOfAPaddedOutputMatrixStandForNoBytes) {
  const TestFile file("model.gguf", small_vocabulary());
  const auto model = GgufFile::open(file.path());
  const auto vocabulary = NativeVocabulary::create(*model, "", false);
  EXPECT_THAT(vocabulary->pieces(std::vector<TokenId>{8, 1000}).value(), ElementsAre("", ""));
  EXPECT_FALSE(vocabulary->is_end_of_generation(8));
  const auto negative = vocabulary->pieces(std::vector<TokenId>{-1});
  ASSERT_FALSE(negative.has_value());
  EXPECT_EQ(negative.error().code, ExitCode::usage);
}

TEST(NativeVocabulary, MissingBosDropsOnlyTheBosThatTheModelAsksFor) {
  const TestFile file("model.gguf", small_vocabulary());
  const auto model = GgufFile::open(file.path());
  const auto vocabulary = NativeVocabulary::create(*model, "", true);
  EXPECT_TRUE(vocabulary->add_bos());  // what the file asks for stays visible
  EXPECT_THAT(vocabulary->tokenize("ab", {}).value(), ElementsAre(7));
  EXPECT_THAT(vocabulary->tokenize("<s>ab", {.add_special = false}).value(), ElementsAre(1, 7));
}

TEST(NativeVocabulary, AnEngineWithoutOneTakesIdsAndRefusesText) {
  const auto engine = make_tiny({});
  EXPECT_FALSE(engine->info().capabilities.tokenize);
  const auto ids = engine->tokenize("ab", {});
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ExitCode::usage);
  EXPECT_THAT(ids.error().what, HasSubstr("no vocabulary"));
  EXPECT_THAT(ids.error().hint, HasSubstr("--tokens"));
  EXPECT_FALSE(engine->pieces(std::vector<TokenId>{1}).has_value());
  EXPECT_FALSE(engine->is_end_of_generation(2).value());
}

TEST(NativeVocabulary, AnUnsupportedOneIsNamedWhenTextIsAskedFor) {
  const TestFile file("model.gguf", small_vocabulary("runes"));
  const auto model = GgufFile::open(file.path());
  const auto vocabulary = NativeVocabulary::create(*model, "", false);
  ASSERT_TRUE(vocabulary.has_value());
  EXPECT_FALSE(vocabulary->present());
  const auto ids = vocabulary->tokenize("ab", {});
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(ids.error().what, HasSubstr("runes"));
}

TEST(NativeVocabulary, TheEngineUsesAnotherFilesVocabularyWhenAsked) {
  const TestFile file("vocabulary.gguf", small_vocabulary());
  const auto engine = make_tiny({.tokenizer_path = file.path()});
  EXPECT_TRUE(engine->info().capabilities.tokenize);
  EXPECT_TRUE(engine->info().settings.add_bos);
  EXPECT_THAT(engine->tokenize("ab", {}).value(), ElementsAre(1, 7));
  EXPECT_TRUE(engine->is_end_of_generation(2).value());
  const auto faulty = make_tiny({.tokenizer_path = file.path(), .faults = {"missing-bos"}});
  EXPECT_THAT(faulty->tokenize("ab", {}).value(), ElementsAre(7));
}

TEST(NativeVocabulary, TokenizerFilesThatCannotBeReadAreRefused) {
  for (const std::string path :
       {"tokenizer.json", "tokenizer.model", "/nowhere/there.gguf", data_path("ids.txt").c_str()}) {
    const auto engine =
        make_native_engine({.model_path = data_path("tiny-q8_0.gguf"), .tokenizer_path = path});
    ASSERT_FALSE(engine.has_value()) << path;
    EXPECT_EQ(engine.error().code, ExitCode::bad_input_file) << path;
    EXPECT_THAT(engine.error().where, HasSubstr(path));
  }
}

}  // namespace
}  // namespace crossval
