#include "prompt/tool_arguments.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string call(const std::string& arguments) {
  return R"([{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"function":{"name":"f",)"
         R"("arguments":)" +
         arguments + "}}]}]";
}

const std::string kMapping = call(R"({"city":"Paris"})");
const std::string kText = call(R"("{\"city\":\"Paris\"}")");

Json arguments_of(const std::string& messages) {
  return Json::parse(messages)[1]["tool_calls"][0]["function"]["arguments"];
}

// Templates, by what they do with arguments.
Result<std::string> to_json(const std::string& messages) { return arguments_of(messages).dump(); }
Result<std::string> text_alone(const std::string& messages) {
  const Json arguments = arguments_of(messages);
  return arguments.is_string() ? arguments.get<std::string>() : std::string();  // prints no mapping
}
Result<std::string> added(const std::string& messages) {
  const Json arguments = arguments_of(messages);
  return "call " + (arguments.is_string() ? arguments.get<std::string>() : "{'city': 'Paris'}");
}
Result<std::string> either(const std::string& messages) {
  const Json arguments = arguments_of(messages);
  return arguments.is_string() ? arguments.get<std::string>() : arguments.dump(1);
}
Result<std::string> items_alone(const std::string& messages) {
  const Json arguments = arguments_of(messages);
  if (!arguments.is_object()) return fail(ExitCode::bad_input_file, "no items");
  std::string text;
  for (const auto& [key, value] : arguments.items()) text += key + "=" + value.dump();
  return text;
}
Result<std::string> nothing(const std::string&) { return std::string("Hi"); }

TEST(ToolArguments, BothFormsBecomeWhatTheTemplateTakes) {
  for (const RenderMessages& takes_mappings :
       {RenderMessages(to_json), RenderMessages(either), RenderMessages(items_alone),
        RenderMessages(nothing)}) {
    EXPECT_EQ(fit_arguments(kMapping, takes_mappings).messages_json, kMapping);
    EXPECT_EQ(fit_arguments(kText, takes_mappings).messages_json, kMapping);
    EXPECT_THAT(fit_arguments(kMapping, takes_mappings).why, IsEmpty());
    EXPECT_THAT(fit_arguments(kText, takes_mappings).why, HasSubstr("JSON text was read"));
  }
  for (const RenderMessages& takes_text : {RenderMessages(text_alone), RenderMessages(added)}) {
    EXPECT_EQ(fit_arguments(kMapping, takes_text).messages_json, kText);
    EXPECT_EQ(fit_arguments(kText, takes_text).messages_json, kText);
    EXPECT_THAT(fit_arguments(kMapping, takes_text).why, HasSubstr("written as JSON"));
  }
}

TEST(ToolArguments, WhatIsNoCallIsLeftAsItIs) {
  for (const char* messages : {R"([{"role":"user","content":"{\"a\": 1}"}])",
                               R"([{"role":"assistant",)"
                               R"("tool_calls":null}])",
                               R"([{"role":"assistant","tool_calls":[1]}])"}) {
    EXPECT_EQ(fit_arguments(messages, nothing).messages_json, messages);
  }
}

TEST(ToolArguments, TextThatIsNoObjectStaysText) {
  for (const char* text : {R"("{\"city\": ")", R"("[1]")", R"("plain")", R"("\"{}\"")"}) {
    EXPECT_EQ(with_mapped_arguments(call(text)), call(text));
  }
  // Deeper than may be written recursively.
  const std::string deep = R"({\"a\":)" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_EQ(with_mapped_arguments(call('"' + deep + '"')), call('"' + deep + '"'));
}

TEST(ToolArguments, TextWithinTextIsFound) {
  const std::string broken = call(R"("{\"city\": ")");
  EXPECT_THAT(escaped_arguments(broken, *to_json(broken)), ElementsAre(1u));
  EXPECT_THAT(escaped_arguments(broken, *text_alone(broken)), IsEmpty());
  const std::string twice = call(R"("\"{\\\"city\\\": 1}\"")");
  EXPECT_THAT(escaped_arguments(twice, *text_alone(twice)), ElementsAre(1u));
  EXPECT_THAT(escaped_arguments(kMapping, *to_json(kMapping)), IsEmpty());
  EXPECT_THAT(escaped_arguments(kText, *text_alone(kText)), IsEmpty());
}

}  // namespace
}  // namespace crossval
