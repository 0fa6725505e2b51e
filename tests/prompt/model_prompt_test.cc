// Prompts read for a model file that has keys and no weights.
#include "prompt/model_prompt.h"

#include <gmock/gmock.h>

#include "base/temp_folder.h"
#include "gguf/writer.h"
#include "prompt/temp_file.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;

class ModelPromptTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write(model_, "a template");
    write(other_, "another");
  }
  static void write(const std::string& path, const std::string& chat_template) {
    GgufWriter writer(path);
    writer.add_string("general.architecture", "llama");
    writer.add_string("tokenizer.ggml.model", "gpt2");
    writer.add_string("tokenizer.chat_template", chat_template);
    writer.add_strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
    ASSERT_TRUE(writer.start() && writer.finish());
  }
  PromptSide side(std::map<std::string, std::string> keys = {}) const {
    return {{"native", std::move(keys)}, model_, {}};
  }
  PromptSide other_side(std::map<std::string, std::string> keys = {}) const {
    return {{"llama.cpp", std::move(keys)}, other_, {}};
  }
  static PromptRequest text(const char* words) {
    PromptRequest request;
    request.text = words;
    return request;
  }
  static PromptRequest ids(const char* numbers) {
    PromptRequest request;
    request.token_ids = numbers;
    return request;
  }
  static Result<std::string> echo(const TemplateInput& input) { return "[" + input.source + "]"; }
  static std::string text_of(const ModelPromptContent& read) {
    const auto* form = std::get_if<RenderedForm>(&read.content);
    return form == nullptr ? "" : form->text;
  }

  Result<TempFolder> folder_ = TempFolder::make();
  const std::string model_ = folder_->path() + "/a.gguf";
  const std::string other_ = folder_->path() + "/b.gguf";
  const TempFile rendered_{"rendered.txt", "what a server sent"};
};

TEST_F(ModelPromptTest, ATextStaysAsItIs) {
  const auto read = read_model_prompt(text("hello"), side(), {}, echo);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(*read), "hello");
  EXPECT_EQ(read->model.path, model_);
}

TEST_F(ModelPromptTest, ForIdsTheModelIsNotRead) {
  PromptSide missing = side();
  missing.model_path = "/nonexistent/a.gguf";
  EXPECT_TRUE(read_model_prompt(ids("1,2"), missing, {}, echo).has_value());
  EXPECT_EQ(read_model_prompt(text("a"), missing, {}, echo).error().code, ExitCode::bad_input_file);
}

TEST_F(ModelPromptTest, AnEnginesTemplateGoesBeforeTheRequests) {
  PromptRequest request = text("hello");
  request.template_name = "raw";
  const auto read = read_model_prompt(request, side({{"template", "auto"}}), {}, echo);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(*read), "[a template]");
}

TEST_F(ModelPromptTest, AnEnginesPromptIsInPlaceOfEverything) {
  const auto read = read_model_prompt({}, side({{"prompt", rendered_.path}}), {}, echo);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(*read), "what a server sent");
  const auto refused = read_model_prompt(text("a"), side({{"prompt", rendered_.path}}), {}, echo);
  EXPECT_EQ(refused.error().what, "a prompt that no engine reads");
}

TEST_F(ModelPromptTest, KeysThatContradictEachOther) {
  EXPECT_THAT(read_model_prompt({}, side({{"prompt", "p"}, {"template", "auto"}}), {}, echo)
                  .error()
                  .message(),
              HasSubstr("engine native"));
  EXPECT_EQ(read_model_prompt(ids("1"), side({{"template", "auto"}}), {}, echo).error().what,
            "--tokens leaves a template nothing to render");
}

TEST_F(ModelPromptTest, APairGetsTheReferencesText) {
  PromptRequest request = text("hello");
  request.template_name = "auto";
  const auto read = read_pair_prompt(request, side(), other_side(), {}, echo);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(read->reference), "[another]");
  EXPECT_FALSE(read->candidate.has_value());
  EXPECT_EQ(read->candidate_model.path, model_);
  const PairPrompt built = build_pair_prompt(*read, {}, {});
  EXPECT_EQ(built.prompt.text, "[another]");
  EXPECT_EQ(built.facts.candidate.path, model_);
  EXPECT_EQ(built.facts.reference.path, other_);
}

TEST_F(ModelPromptTest, AKeyOfOneSideGivesEachItsOwn) {
  const auto read =
      read_pair_prompt(text("hello"), side({{"template", "auto"}}), other_side(), {}, echo);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(text_of(read->reference), "hello");
  ASSERT_TRUE(read->candidate.has_value());
  EXPECT_EQ(text_of(*read->candidate), "[a template]");
  const PairPrompt built = build_pair_prompt(*read, {}, {});
  EXPECT_EQ(built.prompt.text, "hello");
  ASSERT_TRUE(built.candidate.has_value());
  EXPECT_EQ(built.candidate->text, "[a template]");
}

TEST_F(ModelPromptTest, IdsAreOfBothSides) {
  EXPECT_EQ(read_pair_prompt(ids("1"), side({{"prompt", rendered_.path}}), other_side(), {}, echo)
                .error()
                .what,
            "--tokens gives both engines the same ids");
  EXPECT_TRUE(read_pair_prompt(ids("1"), side(), other_side(), {}, echo).has_value());
}

TEST_F(ModelPromptTest, APromptThatNeitherSideReads) {
  EXPECT_EQ(read_pair_prompt(text("a"), side({{"prompt", rendered_.path}}),
                             other_side({{"prompt", rendered_.path}}), {}, echo)
                .error()
                .what,
            "a prompt that no engine reads");
}

}  // namespace
}  // namespace crossval
