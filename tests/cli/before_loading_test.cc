// What commands refuse before an engine loads the model: here it has keys and no weights, so that
// loading it is an error of its own.
#include <gmock/gmock.h>

#include "base/temp_folder.h"
#include "gguf/writer.h"
#include "support/captured_console.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using testing::run_captured;

class BeforeLoading : public ::testing::Test {
 protected:
  void SetUp() override {
    GgufWriter writer(model_);
    writer.add_string("general.architecture", "llama");
    writer.add_string("tokenizer.ggml.model", "gpt2");
    writer.add_strings("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
    ASSERT_TRUE(writer.start() && writer.finish());
  }
  std::vector<std::string> words(std::vector<std::string> of_command,
                                 std::vector<std::string> prompt) const {
    of_command.insert(of_command.end(), {"-q", "-m", model_});
    of_command.insert(of_command.end(), prompt.begin(), prompt.end());
    return of_command;
  }

  Result<TempFolder> folder_ = TempFolder::make();
  const std::string model_ = folder_->path() + "/keys-only.gguf";
  const std::vector<std::vector<std::string>> commands_ = {
      {"per-token", "--candidate", "llama.cpp:worker=/nonexistent", "--reference", "native"},
      {"run"},
      {"run", "--engine", "llama.cpp:worker=/nonexistent"},
      {"tokenize", "--engine", "llama.cpp:worker=/nonexistent"},
      {"tokenize", "--compare"}};
};

TEST_F(BeforeLoading, APromptThatCannotBeIsRefusedBeforeAnEngineLoads) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> refused = {
      {{"-p", ""}, "the prompt is empty"},
      {{"-f", "/dev/null"}, "the prompt is empty"},
      {{"--tokens", "1,x"}, "not a token id"},
      {{"-p", "a", "--prompt-template", "chat-ml"}, "unknown prompt template"},
      {{"-p", "a", "--system-prompt", "b"}, "no place for a system prompt"},
      {{"-p", "a", "--bos", "on"}, "no BOS token"}};
  for (const auto& command : commands_) {
    for (const auto& [prompt, said] : refused) {
      const auto run = run_captured(words(command, prompt));
      EXPECT_EQ(run.code, 64) << command[0] << " " << prompt[0] << " " << prompt[1];
      EXPECT_THAT(run.err, HasSubstr(said));
    }
  }
}

TEST_F(BeforeLoading, AModelWithoutATemplateIsRefusedBeforeAnEngineLoads) {
  for (const auto& command : commands_) {
    const auto run = run_captured(words(command, {"-p", "a", "--chat"}));
    EXPECT_EQ(run.code, 5);
    EXPECT_THAT(run.err, HasSubstr("no chat template"));
  }
}

// The control: with a prompt that can be, each of them gets as far as the engine.
TEST_F(BeforeLoading, OtherPromptsGetAsFarAsTheEngine) {
  for (size_t i = 0; i < 4; ++i) {
    const auto run = run_captured(words(commands_[i], {"-p", "a"}));
    EXPECT_EQ(run.code, i < 2 ? 5 : 4) << run.err;
    EXPECT_THAT(run.err, HasSubstr(i < 2 ? "keys-only.gguf" : ""));  // what native says
    EXPECT_THAT(run.err, HasSubstr(i != 1 ? "/nonexistent" : ""));
  }
}

TEST_F(BeforeLoading, AnEngineThatIsNoneOfOurs) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"per-token", "--candidate"},
                                             {"per-token", "--reference"},
                                             {"run", "--engine"},
                                             {"tokenize", "--compare", "--reference"}}) {
    std::vector<std::string> with = command;
    with.emplace_back("vllm");
    const auto run = run_captured(words(with, {"-p", "a"}));
    EXPECT_EQ(run.code, 64);
    EXPECT_THAT(run.err, HasSubstr("docs/protocol.md"));
  }
  EXPECT_THAT(run_captured({"doctor", "--reference", "vllm"}).err, HasSubstr("docs/protocol.md"));
  EXPECT_THAT(run_captured(words({"run", "--engine", "natvie"}, {"-p", "a"})).err,
              HasSubstr("Did you mean native?"));
}

TEST_F(BeforeLoading, AContextThatTheModelHasNotLearned) {
  const std::string model = folder_->path() + "/learned.gguf";  // positions, and no other weights
  {
    GgufWriter writer(model);
    writer.add_string("general.architecture", "gpt2");
    const std::vector<std::byte> values(size_t{64} * 4 * sizeof(float));
    writer.add_tensor("position_embd.weight", 0, std::vector<int64_t>{4, 64}, values.size());
    ASSERT_TRUE(writer.start() && writer.write(values) && writer.finish());
  }
  const std::vector<std::vector<std::string>> commands = {
      {"run", "-m", model},
      {"run", "-m", model, "--engine", "llama.cpp:worker=/nonexistent"},
      {"per-token", "-m", model},
      {"per-token", "-m", model, "--candidate", "llama.cpp:worker=/nonexistent"},
      {"per-token", "--candidate", "native:model=/nonexistent/a.gguf", "--reference",
       "llama.cpp:worker=/nonexistent,model=" + model}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.end(), {"--tokens", "1,2", "-c", "65"});
    const auto run = run_captured(command);
    EXPECT_EQ(run.code, 64) << run.err;
    EXPECT_THAT(run.err, HasSubstr("-c 65 is more than the 64 positions"));
    command.back() = "64";
    EXPECT_NE(run_captured(command).code, 64);
  }
}

}  // namespace
}  // namespace crossval
