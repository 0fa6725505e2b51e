#include "local/vocabulary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "gguf/writer.h"
#include "local/vocabulary_engine.h"
#include "native/tiny_model.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::data_path;
using testing_support::make_tiny;

/// A SentencePiece-style vocabulary of eight tokens. By hand: "ab" gets a space in front, "a" "b"
/// join first (score -1 above -2), then the space joins them: token 7 alone, after BOS.
class SmallVocabulary {
 public:
  /// With another `word` than "ab" there is a ninth token behind the others.
  explicit SmallVocabulary(std::string_view model = "llama", const std::string& word = "ab")
      : path_(fmt::format("{}/vocabulary-{}-{}.gguf", testing::TempDir(), ::getpid(), count_++)) {
    std::vector<std::string> tokens = {"<unk>", "<s>", "</s>", "\u2581",
                                       "a",     "b",   word,   "\u2581" + word};
    std::vector<float> scores = {0, 0, 0, -5, -6, -7, -1, -2};
    std::vector<int32_t> kinds = {2, 3, 3, 1, 1, 1, 1, 1};
    if (word != "ab") {
      tokens.emplace_back("more");
      scores.push_back(-9);
      kinds.push_back(1);
    }
    GgufArray score_array;
    score_array.element = GgufType::f32;
    score_array.count = tokens.size();
    score_array.numbers = reinterpret_cast<const std::byte*>(scores.data());
    GgufWriter writer(path_);
    writer.add_string("general.architecture", "llama");
    writer.add_string("tokenizer.ggml.model", model);
    writer.add_strings("tokenizer.ggml.tokens", tokens);
    writer.add_key("tokenizer.ggml.scores", GgufType::array, score_array);
    writer.add_i32s("tokenizer.ggml.token_type", kinds);
    EXPECT_TRUE(writer.start().has_value());
    const auto done = writer.finish();
    EXPECT_TRUE(done.has_value()) << done.error().message();
  }
  ~SmallVocabulary() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  GgufFile open() const { return *GgufFile::open(path_); }

 private:
  static inline int count_ = 0;
  std::string path_;
};

TEST(LocalVocabularyEngine, TokenisesWithoutWeightsAndEvaluatesNothing) {
  const SmallVocabulary file;
  const auto engine = make_local_vocabulary(file.open(), "");
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  EXPECT_THAT(*(*engine)->tokenize("ab", {}), ElementsAre(1, 7));
  EXPECT_EQ((*engine)->info().settings.n_vocab, 8);
  EXPECT_TRUE((*engine)->info().settings.add_bos);
  const std::vector<TokenId> ids = {1};
  const auto rows = (*engine)->evaluate({.ids = ids}, [](int32_t, const Row&) {
    ADD_FAILURE() << "a row";
    return true;
  });
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, ExitCode::usage);
}

TEST(LocalVocabulary, TextGoesThroughTheVocabularyOfTheModelFile) {
  const SmallVocabulary file;
  const auto model = GgufFile::open(file.path());
  ASSERT_TRUE(model.has_value()) << model.error().message();
  const auto vocabulary = LocalVocabulary::create(*model, "");
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

TEST(LocalVocabulary, RowsOfAPaddedOutputMatrixStandForNoBytes) {
  const SmallVocabulary file;
  const auto model = GgufFile::open(file.path());
  const auto vocabulary = LocalVocabulary::create(*model, "");
  EXPECT_THAT(vocabulary->pieces(std::vector<TokenId>{8, 1000}).value(), ElementsAre("", ""));
  EXPECT_FALSE(vocabulary->is_end_of_generation(8));
  const auto negative = vocabulary->pieces(std::vector<TokenId>{-1});
  ASSERT_FALSE(negative.has_value());
  EXPECT_EQ(negative.error().code, ExitCode::usage);
}

TEST(LocalVocabulary, MissingBosDropsOnlyTheBosThatTheModelAsksForOrSaysSo) {
  const SmallVocabulary file;
  const std::vector<TokenId> ids = {7};
  const auto sink = [](int32_t, const Row&) { return true; };
  const auto warned = [](const Engine& engine) {
    const auto& warnings = engine.info().warnings;
    return std::ranges::any_of(warnings, [](const EngineWarning& warning) {
      return warning.name == "fault-without-effect";
    });
  };
  const auto faulty = make_tiny({.tokenizer_path = file.path(), .faults = {"missing-bos"}});
  EXPECT_TRUE(faulty->info().settings.add_bos);  // what the file asks for stays visible
  EXPECT_THAT(faulty->tokenize("ab", {}).value(), ElementsAre(7));
  EXPECT_THAT(faulty->tokenize("<s>ab", {.add_special = false}).value(), ElementsAre(1, 7));
  ASSERT_TRUE(faulty->evaluate({.ids = ids}, sink).has_value());
  EXPECT_FALSE(warned(*faulty));
  const auto idle = make_tiny({.tokenizer_path = file.path(), .faults = {"missing-bos"}});
  EXPECT_THAT(idle->tokenize("<s>ab", {.add_special = false}).value(), ElementsAre(1, 7));
  ASSERT_TRUE(idle->evaluate({.ids = ids}, sink).has_value());
  EXPECT_TRUE(warned(*idle));
}

TEST(LocalVocabulary, AFileWithAnotherVocabularyThanTheModelsIsNamed) {
  const SmallVocabulary model, other("llama", "cd");
  const auto engine = make_local_vocabulary(model.open(), other.path());
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  EXPECT_EQ((*engine)->info().settings.tokenizer_path, other.path());
  ASSERT_EQ((*engine)->info().warnings.size(), 1U);
  EXPECT_EQ((*engine)->info().warnings[0].name, "tokenizer-vocabulary");
  EXPECT_THAT((*engine)->info().warnings[0].message,
              HasSubstr("9 tokens beside 8; id 6 is [cd] beside [ab]"));
  const SmallVocabulary same;
  EXPECT_TRUE((*make_local_vocabulary(model.open(), same.path()))->info().warnings.empty());
  EXPECT_TRUE((*make_local_vocabulary(model.open(), ""))->info().warnings.empty());
}

TEST(LocalVocabulary, AnEngineWithoutOneTakesIdsAndRefusesText) {
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

TEST(LocalVocabulary, AnUnsupportedOneIsNamedWhenTextIsAskedFor) {
  const SmallVocabulary file("runes");
  const auto model = GgufFile::open(file.path());
  const auto vocabulary = LocalVocabulary::create(*model, "");
  ASSERT_TRUE(vocabulary.has_value());
  EXPECT_FALSE(vocabulary->present());
  const auto ids = vocabulary->tokenize("ab", {});
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(ids.error().what, HasSubstr("runes"));
}

TEST(LocalVocabulary, TheEngineUsesAnotherFilesVocabularyWhenAsked) {
  const SmallVocabulary file;
  const auto engine = make_tiny({.tokenizer_path = file.path()});
  EXPECT_TRUE(engine->info().capabilities.tokenize);
  EXPECT_TRUE(engine->info().settings.add_bos);
  EXPECT_THAT(engine->tokenize("ab", {}).value(), ElementsAre(1, 7));
  EXPECT_TRUE(engine->is_end_of_generation(2).value());
  const auto faulty = make_tiny({.tokenizer_path = file.path(), .faults = {"missing-bos"}});
  EXPECT_THAT(faulty->tokenize("ab", {}).value(), ElementsAre(7));
}

TEST(LocalVocabulary, TokenizerFilesThatCannotBeReadAreRefused) {
  const std::vector<std::string> paths = {"tokenizer.json", "tokenizer.model",
                                          "/nowhere/there.gguf", data_path("ids.txt")};
  for (const std::string& path : paths) {
    const auto engine =
        make_native_engine({.model_path = data_path("tiny-q8_0.gguf"), .tokenizer_path = path});
    ASSERT_FALSE(engine.has_value()) << path;
    EXPECT_EQ(engine.error().code, ExitCode::bad_input_file) << path;
    EXPECT_THAT(engine.error().where, HasSubstr(path));
  }
}

}  // namespace
}  // namespace crossval
