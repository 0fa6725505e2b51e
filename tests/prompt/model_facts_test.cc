#include "prompt/model_facts.h"

#include <gmock/gmock.h>

#include <cstring>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes the metadata of a GGUF v3 file, key by key.
class Metadata {
 public:
  void text(const std::string& key, const std::string& value) {
    begin(key, GgufType::string);
    string(value);
  }
  void number(const std::string& key, uint32_t value) {
    begin(key, GgufType::u32);
    raw(value);
  }
  void texts(const std::string& key, const std::vector<std::string>& values) {
    begin(key, GgufType::array);
    raw(static_cast<uint32_t>(GgufType::string));
    raw(static_cast<uint64_t>(values.size()));
    for (const std::string& value : values) string(value);
  }
  void numbers(const std::string& key, const std::vector<int32_t>& values) {
    begin(key, GgufType::array);
    raw(static_cast<uint32_t>(GgufType::i32));
    raw(static_cast<uint64_t>(values.size()));
    for (const int32_t value : values) raw(value);
  }

  Result<PromptModelFacts> facts() {
    std::string body;
    std::swap(body, bytes_);
    bytes_ = "GGUF";
    raw(uint32_t{3});
    raw(uint64_t{0});  // tensors
    raw(keys_);
    bytes_ += body;
    const auto file = GgufFile::parse(std::as_bytes(std::span(bytes_)), "m.gguf");
    if (!file) return tl::unexpected(file.error());
    return read_model_facts(*file);
  }

 private:
  template <class T>
  void raw(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void string(const std::string& value) {
    raw(static_cast<uint64_t>(value.size()));
    bytes_ += value;
  }
  void begin(const std::string& key, GgufType type) {
    string(key);
    raw(static_cast<uint32_t>(type));
    ++keys_;
  }

  std::string bytes_;
  uint64_t keys_ = 0;
};

TEST(ModelFacts, TemplatesAndSpecialTokens) {
  Metadata metadata;
  metadata.text("tokenizer.ggml.model", "gpt2");
  metadata.texts("tokenizer.ggml.tokens", {"a", "<|bos|>", "<|eos|>", "<|mine|>"});
  metadata.numbers("tokenizer.ggml.token_type", {1, 3, 3, 4});
  metadata.number("tokenizer.ggml.bos_token_id", 1);
  metadata.number("tokenizer.ggml.eos_token_id", 2);
  metadata.texts("tokenizer.chat_templates", {"tool_use"});
  metadata.text("tokenizer.chat_template", "default");
  metadata.text("tokenizer.chat_template.tool_use", "tools");
  const auto facts = metadata.facts();
  ASSERT_TRUE(facts.has_value()) << facts.error().message();
  EXPECT_EQ(facts->path, "m.gguf");
  EXPECT_EQ(facts->chat_template, "default");
  EXPECT_THAT(facts->named_templates, ElementsAre(testing::Pair("tool_use", "tools")));
  EXPECT_EQ(facts->bos_text, "<|bos|>");
  EXPECT_EQ(facts->eos_text, "<|eos|>");
  EXPECT_THAT(facts->control_texts, ElementsAre("<|bos|>", "<|eos|>"));
  EXPECT_THAT(facts->user_defined_texts, ElementsAre("<|mine|>"));
}

TEST(ModelFacts, SentencePieceHasItsBosAtOne) {
  Metadata metadata;
  metadata.text("tokenizer.ggml.model", "llama");
  metadata.texts("tokenizer.ggml.tokens", {"<unk>", "<s>", "</s>"});
  const auto facts = metadata.facts();
  EXPECT_EQ(facts->bos_text, "<s>");
  EXPECT_EQ(facts->eos_text, "</s>");
  EXPECT_THAT(facts->control_texts, ElementsAre("</s>"));  // by its text, as in llama.cpp
  EXPECT_EQ(facts->pre_tokenizer, "");
}

TEST(ModelFacts, PreTokenizer) {
  const auto named = [](const char* model, const char* pre) {
    Metadata metadata;
    metadata.text("tokenizer.ggml.model", model);
    if (pre != nullptr) metadata.text("tokenizer.ggml.pre", pre);
    metadata.texts("tokenizer.ggml.tokens", {"a", "b", "c"});
    const auto facts = metadata.facts();
    return std::pair(facts->pre_tokenizer, facts->pre_tokenizer_named);
  };
  EXPECT_EQ(named("gpt2", "llama-bpe"), std::pair(std::string("llama-bpe"), true));
  EXPECT_EQ(named("gpt2", nullptr), std::pair(std::string("default"), false));
  EXPECT_EQ(named("llama", "default").first, "");  // SentencePiece cuts no words
}

// llama.cpp parses these whatever the file says of them; other ordinary tokens it does not.
TEST(ModelFacts, TokensThatAreSpecialByTheirText) {
  Metadata metadata;
  metadata.text("tokenizer.ggml.model", "gpt2");
  metadata.texts("tokenizer.ggml.tokens", {"<|im_start|>", "<|im_end|>", "<|channel|>", "a"});
  const auto facts = metadata.facts();
  EXPECT_THAT(facts->control_texts, ElementsAre("<|im_end|>"));
  EXPECT_THAT(facts->user_defined_texts, ElementsAre("<|channel|>"));
}

TEST(ModelFacts, NoVocabularyNoTexts) {
  Metadata metadata;
  metadata.text("general.architecture", "llama");
  const auto facts = metadata.facts();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->bos_text, "");
  EXPECT_FALSE(facts->chat_template.has_value());
}

TEST(ModelFacts, RefusesWrongKeys) {
  Metadata out_of_range;
  out_of_range.texts("tokenizer.ggml.tokens", {"a"});
  out_of_range.number("tokenizer.ggml.bos_token_id", 1);
  const auto facts = out_of_range.facts();
  ASSERT_FALSE(facts.has_value());
  EXPECT_EQ(facts.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(facts.error().where, testing::HasSubstr("bos_token_id"));

  Metadata number_for_template;
  number_for_template.number("tokenizer.chat_template", 1);
  EXPECT_FALSE(number_for_template.facts().has_value());
  Metadata text_for_tokens;
  text_for_tokens.text("tokenizer.ggml.tokens", "a");
  EXPECT_FALSE(text_for_tokens.facts().has_value());
}

}  // namespace
}  // namespace crossval
