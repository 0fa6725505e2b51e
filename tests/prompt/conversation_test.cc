#include "prompt/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(Conversation, SingleTurn) {
  const Conversation chat = single_turn("say \"hi\"\n", "Be kind.");
  EXPECT_EQ(chat.messages_json, R"([{"role":"system","content":"Be kind."},)"
                                R"({"role":"user","content":"say \"hi\"\n"}])");
  EXPECT_EQ(chat.tools_json, "null");
  EXPECT_TRUE(chat.wants_answer());
}

TEST(Conversation, ArrayOrObjectKeepsKeyOrder) {
  const auto array = parse_conversation(R"([{"role":"user","content":"a"}])", "m", {});
  EXPECT_EQ(array->messages[0].content, "a");
  const auto object = parse_conversation(
      R"({"tools":[{"type":"function","a":1}],"messages":[{"role":"user","content":"b"}]})", "m",
      {});
  EXPECT_EQ(object->tools_json, R"([{"type":"function","a":1}])");
  EXPECT_EQ(object->messages[0].content, "b");
}

TEST(Conversation, ToolCallsPassThroughAndAreNotPlain) {
  const std::string json =
      R"([{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]}])";
  const auto chat = parse_conversation(json, "m", {});
  EXPECT_EQ(chat->messages_json, json);
  EXPECT_FALSE(chat->messages[0].plain);
  EXPECT_FALSE(chat->wants_answer());
}

const char* const kParts =
    R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])";

TEST(Conversation, TextPartsAreText) {
  const auto chat = parse_conversation(kParts, "m", {});
  EXPECT_EQ(chat->messages[0].content, "a\nb");
  EXPECT_EQ(chat->messages[0].texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(chat->messages[0].plain);
  EXPECT_EQ(chat->messages_json, kParts);
  EXPECT_EQ(as_texts(kParts), R"([{"role":"user","content":"a\nb"}])");
  EXPECT_EQ(as_single_parts(kParts),
            R"([{"role":"user","content":[{"type":"text","text":"a\nb"}]}])");
  const std::string text = R"([{"role":"user","content":"a"},{"role":"assistant"}])";
  EXPECT_EQ(as_texts(text), text);
  EXPECT_EQ(as_single_parts(text), text);
}

std::string fault(const std::string& json) {
  const auto chat = parse_conversation(json, "m", {});
  return chat ? "" : chat.error().what;
}

TEST(Conversation, WhatIsWrongIsNamed) {
  using ::testing::EndsWith;
  EXPECT_THAT(fault(R"([{"role":"user","content":[{"type":"image_url"}]}])"),
              EndsWith(R"(message 0 has a part of type "image_url"; only text can be compared)"));
  EXPECT_THAT(fault(R"([{"role":"user","content":[{"type":3}]}])"),
              EndsWith(R"(message 0 has a part without a "type")"));
  EXPECT_THAT(fault(R"([{"role":"user","content":[{"type":"text"}]}])"),
              EndsWith(R"(message 0 has a text part without a "text" that is a string)"));
  EXPECT_THAT(fault(R"([{"role":"u"},{"role":1}])"),
              EndsWith(R"(message 1 has a "role" that is no string)"));
  EXPECT_THAT(fault(R"([{"content":"x"}])"), EndsWith(R"(message 0 has no "role")"));
  EXPECT_THAT(fault("[\n {\"role\": user}]"), EndsWith("not valid JSON at line 2, byte 11"));
  EXPECT_THAT(fault("[1e999]"), EndsWith("a number is larger than any double"));
  EXPECT_EQ(fault(kParts), "");
}

TEST(Conversation, ToolCallsCanBeLeftOut) {
  const std::string json = R"([{"role":"assistant","content":null,"tool_calls":[{"id":1}]}])";
  EXPECT_TRUE(parse_conversation(json, "m", {})->messages[0].calls_tools);
  EXPECT_EQ(without_tool_calls(json), R"([{"role":"assistant","content":null}])");
  EXPECT_FALSE(parse_conversation(kParts, "m", {})->messages[0].calls_tools);
}

TEST(Conversation, SystemPromptGoesFirstAndOnlyOnce) {
  const auto chat = parse_conversation(R"([{"role":"user","content":"a"}])", "m", "S");
  ASSERT_EQ(chat->messages.size(), 2u);
  EXPECT_EQ(chat->messages[0].role, "system");
  const auto twice = parse_conversation(R"([{"role":"system","content":"a"}])", "m", "S");
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code, ExitCode::usage);
}

TEST(Conversation, RefusesWhatIsNoConversation) {
  for (const std::string& json :
       {std::string("{"), std::string("\xFF"), std::string("3"), std::string("[]"),
        std::string("{}"), std::string("[3]"), std::string(R"([{"content":"x"}])"),
        std::string(R"([{"role":1}])"), std::string(R"({"messages":3})"),
        std::string(R"({"messages":[{"role":"u"}],"tools":{}})"),
        std::string(R"({"messages":[{"role":"u"}],"tool":[]})"), std::string(100000, '['),
        R"([{"role":"u","content":)" + std::string(70, '[') + std::string(70, ']') + "}]"}) {
    const auto chat = parse_conversation(json, "m.json", {});
    ASSERT_FALSE(chat.has_value()) << json.substr(0, 80);
    EXPECT_EQ(chat.error().code, ExitCode::bad_input_file);
    EXPECT_EQ(chat.error().where, "m.json");
  }
}

TEST(Conversation, ARequestsBody) {
  const auto chat = parse_conversation(
      R"({"model":"any","messages":[{"role":"user","content":"a"}],"temperature":0.7,"tools":null,)"
      R"("stream":true,"seed":1,"documents":[{"text":"d"}],"add_generation_prompt":false,)"
      R"("chat_template_kwargs":{"enable_thinking":false}})",
      "m", {});
  ASSERT_TRUE(chat.has_value()) << chat.error().message();
  EXPECT_EQ(chat->sampling_keys, (std::vector<std::string>{"temperature", "seed"}));
  EXPECT_EQ(chat->kwargs_json, R"({"enable_thinking":false})");
  EXPECT_EQ(chat->documents_json, R"([{"text":"d"}])");
  EXPECT_EQ(chat->tools_json, "null");
  EXPECT_FALSE(chat->wants_answer());
}

TEST(Conversation, VariablesAreMergedByName) {
  EXPECT_EQ(merged_kwargs(R"({"a":1,"b":2})", R"({"b":3,"c":[4]})").value(),
            R"({"a":1,"b":3,"c":[4]})");
  EXPECT_EQ(kwargs_names(R"({"a":1,"b":2})"), (std::vector<std::string>{"a", "b"}));
  for (const char* wrong : {"[1]", "{", "1", R"({"messages":[]})", R"({"bos_token":""})"}) {
    const auto refused = merged_kwargs("{}", wrong);
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().code, ExitCode::usage);
  }
  EXPECT_THAT(fault(R"({"messages":[{"role":"user"}],"chat_template_kwargs":{"tools":[]}})"),
              ::testing::HasSubstr("chat_template_kwargs"));
}

}  // namespace
}  // namespace crossval
