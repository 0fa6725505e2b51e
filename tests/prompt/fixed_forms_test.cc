#include "prompt/fixed_forms.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

Conversation chat(std::vector<ChatMessage> messages) {
  Conversation conversation;
  conversation.messages = std::move(messages);
  return conversation;
}

const Conversation kTurns =
    chat({{"system", "Be brief."}, {"user", "2+2?"}, {"assistant", "4"}, {"user", " 3+3? "}});

// Written down by hand from each form's description: ChatML's, Llama 3's model card, the
// ancestor's.
TEST(FixedForms, ChatMl) {
  EXPECT_EQ(find_fixed_form("chatml")->render(kTurns),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n"
            "<|im_start|>assistant\n4<|im_end|>\n<|im_start|>user\n 3+3? <|im_end|>\n"
            "<|im_start|>assistant\n");
}

TEST(FixedForms, Llama3TrimsContent) {
  EXPECT_EQ(find_fixed_form("llama3-chat")->render(kTurns),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\n2+2?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n4<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\n3+3?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST(FixedForms, Instruct) {
  EXPECT_EQ(find_fixed_form("instruct")->render(kTurns),
            "System: Be brief.\n\nQ: 2+2?\nA: 4\n\nQ:  3+3? \nA:");
  EXPECT_EQ(find_fixed_form("instruct")->render(chat({{"user", "Why?"}})), "Q: Why?\nA:");
}

TEST(FixedForms, NoOpenTurnAfterTheAssistant) {
  const Conversation done = chat({{"user", "Hi"}, {"assistant", "Hello"}});
  EXPECT_EQ(find_fixed_form("chatml")->render(done),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n");
  EXPECT_EQ(find_fixed_form("instruct")->render(done), "Q: Hi\nA: Hello");
}

TEST(FixedForms, OnlyMarkersNeedSpecialTokens) {
  EXPECT_FALSE(find_fixed_form("instruct")->parse_special);
  EXPECT_TRUE(find_fixed_form("chatml")->parse_special);
  EXPECT_TRUE(find_fixed_form("llama3-chat")->parse_special);
  EXPECT_EQ(find_fixed_form("raw"), nullptr);
}

}  // namespace
}  // namespace crossval
