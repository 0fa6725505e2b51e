#include "prompt/request_keys.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace crossval {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;

std::string objection(const char* key, const char* value) {
  return objection_to(key, Json::parse(value));
}

TEST(RequestKeys, WhatWouldChangeThePromptIsRefusedByName) {
  EXPECT_THAT(objection("tool_choice", R"("none")"), HasSubstr("tool_choice"));
  EXPECT_THAT(objection("response_format", R"({"type":"json_schema"})"),
              HasSubstr("response_format"));
  EXPECT_THAT(objection("continue_final_message", "true"), HasSubstr("prompt=FILE"));
  EXPECT_THAT(objection("functions", "[]"), HasSubstr("tools"));
  EXPECT_THAT(objection("chat_template", R"("x")"), HasSubstr("--prompt-template"));
  EXPECT_THAT(objection("reasoning_effort", R"("low")"), HasSubstr("chat_template_kwargs"));
  EXPECT_THAT(objection("enable_thinking", "false"), HasSubstr("chat_template_kwargs"));
  EXPECT_THAT(objection("message", "[]"), HasSubstr("unknown key \"message\""));
}

TEST(RequestKeys, TheRestIsNot) {
  for (const auto& [key, value] :
       {std::pair("tool_choice", R"("auto")"), std::pair("response_format", R"({"type":"text"})"),
        std::pair("continue_final_message", "false"), std::pair("functions", "null"),
        std::pair("message", "null"), std::pair("model", R"("any")"),
        std::pair("temperature", "0.7"), std::pair("messages", "[]"), std::pair("tools", "[]")}) {
    EXPECT_THAT(objection(key, value), IsEmpty()) << key;
  }
  EXPECT_EQ(classify_request_key("temperature"), RequestKey::sampling);
  EXPECT_EQ(classify_request_key("model"), RequestKey::transport);
  EXPECT_EQ(classify_request_key("chat_template_kwargs"), RequestKey::prompt);
}

}  // namespace
}  // namespace crossval
