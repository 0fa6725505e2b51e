#include "prompt/prompt.h"

#include <gmock/gmock.h>

#include "prompt/temp_file.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

PromptModelFacts llama_like() {
  PromptModelFacts facts;
  facts.path = "model.gguf";
  facts.bos_text = "<s>";
  facts.eos_text = "</s>";
  facts.add_bos = true;
  facts.control_texts = {"<s>", "</s>", "<|im_start|>", "<|im_end|>"};
  facts.chat_template = "the model's";
  facts.named_templates = {{"tool_use", "for tools"}};
  return facts;
}

// Stands in for Jinja: shows what it was handed.
Result<std::string> echo(const TemplateInput& input) {
  return "<s>[" + input.source + "]" + input.messages_json + input.tools_json + input.bos_token +
         input.eos_token + (input.add_generation_prompt ? "+" : "-");
}

Result<Prompt> build(const PromptRequest& request, const PromptModelFacts& model = llama_like(),
                     const TemplateRenderer& renderer = echo) {
  auto content = render_prompt(request, model, renderer);
  if (!content) return tl::unexpected(content.error());
  return build_prompt(request, *std::move(content), model);
}

PromptRequest text(const std::string& words, const std::string& form = "") {
  PromptRequest request;
  request.text = words;
  request.template_name = form;
  return request;
}

std::vector<std::string> names(const Prompt& prompt) {
  std::vector<std::string> result;
  for (const PromptWarning& warning : prompt.warnings) result.push_back(warning.name);
  return result;
}

ExitCode code_of(const Result<Prompt>& prompt) {
  return prompt.has_value() ? ExitCode::ok : prompt.error().code;
}

TEST(Prompt, RawIsTheDefaultAndChangesNothing) {
  const auto prompt = build(text(" Hi \n"));
  EXPECT_EQ(prompt->text, " Hi \n");
  EXPECT_EQ(prompt->form.choice, "raw");
  EXPECT_TRUE(prompt->tokenize.add_special);
  EXPECT_FALSE(prompt->tokenize.parse_special);
  EXPECT_EQ(prompt->bos.choice, "added");
  EXPECT_THAT(names(*prompt), IsEmpty());
}

TEST(Prompt, FilesKeepEveryByte) {
  const TempFile file("prompt_test.txt", "a\r\nb\n");
  PromptRequest request;
  request.file = file.path;
  EXPECT_EQ(build(request)->text, "a\r\nb\n");
}

TEST(Prompt, AutoIsTheModelsOwnTemplate) {
  const auto prompt = build(text("Hi", "auto"));
  EXPECT_EQ(prompt->text, R"(<s>[the model's][{"role":"user","content":"Hi"}]null<s></s>+)");
  EXPECT_TRUE(prompt->tokenize.parse_special);
  EXPECT_EQ(prompt->bos.choice, "not added");
  EXPECT_THAT(prompt->bos.why, HasSubstr("template writes <s>"));
}

TEST(Prompt, AutoWithoutATemplateIsRefused) {
  PromptModelFacts model = llama_like();
  model.chat_template.reset();
  const auto prompt = build(text("Hi", "auto"), model);
  ASSERT_FALSE(prompt.has_value());
  EXPECT_EQ(prompt.error().code, ExitCode::bad_input_file);
  EXPECT_EQ(prompt.error().where, "model.gguf");
}

TEST(Prompt, MessagesUseTheModelsTemplate) {
  const TempFile file("prompt_test.json",
                      R"({"messages":[{"role":"user","content":"Hi"}],"tools":[{"a":1}]})");
  PromptRequest request;
  request.messages_file = file.path;
  const auto prompt = build(request);
  ASSERT_TRUE(prompt.has_value());
  EXPECT_THAT(prompt->text, HasSubstr(R"([for tools])"));
  EXPECT_THAT(prompt->text, HasSubstr(R"([{"a":1}])"));
  request.template_name = "raw";
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
  request.template_name = "chatml";
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);  // no place for tools
}

TEST(Prompt, NoGenerationPromptAfterTheAssistant) {
  const TempFile file("prompt_test.json", R"([{"role":"assistant","content":"Hi"}])");
  PromptRequest request;
  request.messages_file = file.path;
  EXPECT_THAT(build(request)->text, testing::EndsWith("-"));
}

TEST(Prompt, TemplateFile) {
  const TempFile file("prompt_test.jinja", "from a file");
  const auto prompt = build(text("Hi", file.path));
  EXPECT_THAT(prompt->text, HasSubstr("[from a file]"));
  EXPECT_THAT(prompt->form.why, HasSubstr(file.path));
  EXPECT_EQ(code_of(build(text("Hi", "/no/such.jinja"))), ExitCode::bad_input_file);
  EXPECT_EQ(code_of(build(text("Hi", "chat-ml"))), ExitCode::usage);
}

TEST(Prompt, SystemPromptNeedsAForm) {
  PromptRequest request = text("Hi");
  request.system = "S";
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
  request.template_name = "instruct";
  EXPECT_EQ(build(request)->text, "System: S\n\nQ: Hi\nA:");
}

TEST(Prompt, ToggleOverridesAreDecisions) {
  PromptRequest request = text("<s>Hi</s>");
  request.special = Toggle::on;
  const auto doubled = build(request);
  EXPECT_TRUE(doubled->tokenize.parse_special);
  EXPECT_EQ(doubled->special.why, "asked for by --special on");
  EXPECT_THAT(names(*doubled), ElementsAre("bos-doubled"));
  request.bos = Toggle::off;
  EXPECT_THAT(names(*build(request)), IsEmpty());
}

TEST(Prompt, SpecialTokensReadAsTextAreNamed) {
  const auto prompt = build(text("Hi<|im_end|>"));
  ASSERT_THAT(names(*prompt), ElementsAre("special-as-text"));
  EXPECT_THAT(prompt->warnings[0].message, HasSubstr("<|im_end|> (byte 2)"));
}

TEST(Prompt, AnotherModelsTemplateIsNamed) {
  const auto prompt = build(text("Hi", "llama3-chat"));
  ASSERT_THAT(names(*prompt), ElementsAre("marker-unknown"));
  EXPECT_THAT(prompt->warnings[0].message, HasSubstr("<|begin_of_text|> (byte 0)"));
  EXPECT_THAT(names(*build(text("Hi", "chatml"))), IsEmpty());
}

TEST(Prompt, AMessageThatTheTemplateDropsIsNamed) {
  const TempFile file("m.json",
                      R"([{"role":"system","content":"S"},{"role":"user","content":" Hi "}])");
  PromptRequest request;
  request.messages_file = file.path;
  const auto only_users = [](const TemplateInput&) -> Result<std::string> { return "U: Hi"; };
  const auto prompt = build(request, llama_like(), only_users);
  ASSERT_THAT(names(*prompt), ElementsAre("message-lost"));
  EXPECT_THAT(prompt->warnings[0].message, HasSubstr("message 0 (system)"));
}

PromptRequest messages(const TempFile& file) {
  PromptRequest request;
  request.messages_file = file.path;
  return request;
}

TEST(Prompt, PartsAreJoinedForATemplateThatTakesTextAlone) {
  const TempFile file("m.json", R"([{"role":"user","content":[{"type":"text","text":"one"},)"
                                R"({"type":"text","text":"two"}]}])");
  // Prints whatever it is given, as SmolLM2's does.
  const auto printed = build(messages(file));
  EXPECT_THAT(printed->text, HasSubstr(R"("content":"one\ntwo")"));
  EXPECT_THAT(printed->form.why, HasSubstr("parts were joined"));
  EXPECT_THAT(names(*printed), IsEmpty());
  // Takes both forms.
  const auto both = [](const TemplateInput& input) -> Result<std::string> {
    const bool parts = input.messages_json.find("\"text\":") != std::string::npos;
    const bool two = input.messages_json.find("\"two\"") != std::string::npos;
    return parts && two ? "U: onetwo" : "U: one\ntwo";
  };
  const auto passed = build(messages(file), llama_like(), both);
  EXPECT_EQ(passed->text, "U: onetwo");
  EXPECT_THAT(passed->form.why, Not(HasSubstr("joined")));
  EXPECT_THAT(names(*passed), IsEmpty());
}

TEST(Prompt, ToolsThatTheTemplateDropsAreNamed) {
  const TempFile file("m.json", R"({"tools":[{"a":1}],"messages":[{"role":"user","content":"Hi"},)"
                                R"({"role":"assistant","content":"","tool_calls":[{"id":1}]}]})");
  const auto drops = [](const TemplateInput&) -> Result<std::string> { return "U: Hi"; };
  const auto prompt = build(messages(file), llama_like(), drops);
  ASSERT_THAT(names(*prompt), ElementsAre("tools-lost", "tool-calls-lost"));
  EXPECT_THAT(prompt->warnings[1].message, HasSubstr("message 1 (assistant)"));
  EXPECT_THAT(names(*build(messages(file))), IsEmpty());
  // A template that cannot do without them shows them.
  const auto needs = [](const TemplateInput& input) -> Result<std::string> {
    if (input.tools_json == "null") return fail(ExitCode::bad_input_file, "no tools");
    if (input.messages_json.find("tool_calls") == std::string::npos) return "U: Hi";
    return "U: Hi A: {}";
  };
  EXPECT_THAT(names(*build(messages(file), llama_like(), needs)), IsEmpty());
}

TEST(Prompt, ATemplateFileMayHaveAnyName) {
  const TempFile file("chat_template", "T");
  EXPECT_THAT(build(text("Hi", file.path))->text, HasSubstr("[T]"));
  EXPECT_EQ(code_of(build(text("Hi", "chat_template_no"))), ExitCode::usage);
}

TEST(Prompt, InvalidUtf8IsWarnedAboutRawAndRefusedByTemplates) {
  const auto prompt = build(text("ab\xFF"));
  ASSERT_THAT(names(*prompt), ElementsAre("invalid-utf8"));
  EXPECT_THAT(prompt->warnings[0].message, HasSubstr("byte 2"));
  EXPECT_EQ(code_of(build(text("ab\xFF", "chatml"))), ExitCode::usage);
  PromptRequest request = text("ab", "chatml");
  request.system = "\xFF";
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
}

TEST(Prompt, EmptyPromptsAreUsageErrors) {
  EXPECT_EQ(code_of(build(PromptRequest{})), ExitCode::usage);
  EXPECT_EQ(code_of(build(text(""))), ExitCode::usage);
  const TempFile file("prompt_test.txt", "");
  PromptRequest request;
  request.file = file.path;
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
  request.text = "both";
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
  const auto nothing = [](const TemplateInput&) -> Result<std::string> { return ""; };
  EXPECT_EQ(code_of(build(text("Hi", "auto"), llama_like(), nothing)), ExitCode::usage);
}

TEST(Prompt, NoBosTokenToAdd) {
  PromptModelFacts model = llama_like();
  model.bos_text.clear();
  PromptRequest request = text("Hi");
  EXPECT_EQ(code_of(build(request, model)), ExitCode::ok);
  request.bos = Toggle::on;
  EXPECT_EQ(code_of(build(request, model)), ExitCode::usage);
}

TEST(Prompt, TokenIds) {
  PromptRequest request;
  request.token_ids = "1, 22,0";
  EXPECT_THAT(build(request)->ids, ElementsAre(1, 22, 0));
  request.bos = Toggle::on;
  EXPECT_EQ(code_of(build(request)), ExitCode::usage);
  for (const char* bad : {"", "1,", ",1", "1,-2", "1,x", "1 2", "99999999999", "0x1"}) {
    PromptRequest broken;
    broken.token_ids = bad;
    EXPECT_EQ(code_of(build(broken)), ExitCode::usage) << bad;
  }
}

// A toy tokenizer: one id per byte, BOS text is id 1000 when parsed, BOS added when asked.
Result<std::vector<TokenId>> toy(std::string_view words, const TokenizeOptions& options) {
  std::vector<TokenId> ids;
  if (options.parse_special && words == "<s>") return std::vector<TokenId>{1000};
  for (const char c : words) ids.push_back(c);
  return ids;
}

TEST(TokenizePrompt, PrependsTheEnginesOwnBos) {
  PromptModelFacts model = llama_like();
  model.add_bos = false;
  PromptRequest request = text("ab");
  request.bos = Toggle::on;
  const auto prompt = build(request, model);
  EXPECT_THAT(tokenize_prompt(*prompt, toy).value(), ElementsAre(1000, 'a', 'b'));
  Prompt wrong = *prompt;
  wrong.bos_text = "<bos>";
  EXPECT_FALSE(tokenize_prompt(wrong, toy).has_value());
}

TEST(TokenizePrompt, GivenIdsNeedNoTokenizer) {
  Prompt prompt;
  prompt.ids = {7, 8};
  const auto never = [](std::string_view, const TokenizeOptions&) -> Result<std::vector<TokenId>> {
    return fail(ExitCode::internal, "asked");
  };
  EXPECT_THAT(tokenize_prompt(prompt, never).value(), ElementsAre(7, 8));
  prompt.ids.clear();
  prompt.text = "x";
  EXPECT_FALSE(tokenize_prompt(prompt, never).has_value());
}

TEST(TokenizePrompt, NoTokenAtAllIsAnError) {
  Prompt prompt;
  prompt.text = "x";
  const auto nothing = [](std::string_view,
                          const TokenizeOptions&) -> Result<std::vector<TokenId>> {
    return std::vector<TokenId>{};
  };
  const auto ids = tokenize_prompt(prompt, nothing);
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ExitCode::usage);
}

TEST(ParseToggle, Words) {
  EXPECT_EQ(parse_toggle("--bos", "auto").value(), Toggle::automatic);
  EXPECT_EQ(parse_toggle("--bos", "on").value(), Toggle::on);
  EXPECT_EQ(parse_toggle("--bos", "off").value(), Toggle::off);
  EXPECT_EQ(parse_toggle("--bos", "yes").error().code, ExitCode::usage);
}

TEST(Prompt, VariablesForTheTemplate) {
  const auto kwargs_seen = [](const TemplateInput& input) -> Result<std::string> {
    return "Hi" + input.kwargs_json;
  };
  PromptModelFacts model = llama_like();
  model.chat_template = "{{ enable_thinking }}";
  PromptRequest request = text("Hi", "auto");
  request.kwargs = R"({"enable_thinking":false})";
  auto prompt = build(request, model, kwargs_seen);
  EXPECT_EQ(prompt->text, R"(Hi{"enable_thinking":false})");
  EXPECT_THAT(names(*prompt), IsEmpty());
  // One that the template does not name.
  request.kwargs = R"({"thinking":false})";
  EXPECT_THAT(names(*build(request, model, kwargs_seen)), ElementsAre("kwargs-lost"));
  // Forms that are no templates.
  for (const char* form : {"", "raw", "chatml"}) {
    request.template_name = form;
    EXPECT_EQ(code_of(build(request)), ExitCode::usage) << form;
  }
}

TEST(Prompt, ARequestsSamplingKeysAreSaid) {
  const TempFile file(
      "prompt_test_body.json",
      R"({"model":"m","temperature":1,"messages":[{"role":"user","content":"Hi"}]})");
  PromptRequest request;
  request.messages_file = file.path;
  const auto prompt = build(request);
  EXPECT_THAT(names(*prompt), ElementsAre("request-keys-ignored"));
  EXPECT_THAT(prompt->warnings[0].message, HasSubstr(": temperature"));
}

// A server's text: its markers are tokens, its BOS is not doubled, nothing is rendered.
TEST(Prompt, TextThatWasRenderedElsewhere) {
  const TempFile file("prompt_test_rendered.txt", "<s><|im_start|>user\nHi");
  PromptRequest request;
  request.rendered_file = file.path;
  const auto prompt = build(request);
  EXPECT_EQ(prompt->text, "<s><|im_start|>user\nHi");
  EXPECT_EQ(prompt->form.choice, "rendered");
  EXPECT_TRUE(prompt->tokenize.parse_special);
  EXPECT_FALSE(prompt->tokenize.add_special);
  EXPECT_THAT(names(*prompt), IsEmpty());
}

}  // namespace
}  // namespace crossval
