#include "prompt/special_text.h"

#include <gmock/gmock.h>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> texts(const std::vector<SpecialTextHit>& hits) {
  std::vector<std::string> result;
  for (const SpecialTextHit& hit : hits) result.push_back(hit.text);
  return result;
}

TEST(SpecialText, FindsTokenTextsInOrder) {
  const auto hits = find_special_texts("a</s>b<|im_end|></s>", {"<|im_end|>", "</s>", "<s>", ""});
  ASSERT_EQ(texts(hits), (std::vector<std::string>{"</s>", "<|im_end|>"}));
  EXPECT_EQ(hits[0].offset, 1u);
  EXPECT_EQ(hits[1].offset, 6u);
}

TEST(SpecialText, MarkersThatAreNoTokens) {
  PromptModelFacts model;
  model.control_texts = {"<|im_start|>"};
  model.user_defined_texts = {"<|mine|>"};
  const auto hits = find_unknown_markers(
      "<|im_start|>user\n<|mine|><|im_end|><|im_end|><start_of_turn><\uFF5CUser\uFF5C>", model, "");
  EXPECT_EQ(texts(hits),
            (std::vector<std::string>{"<|im_end|>", "<start_of_turn>", "<\uFF5CUser\uFF5C>"}));
}

TEST(SpecialText, TheUsersOwnWordsAreLeftAlone) {
  EXPECT_THAT(find_unknown_markers("<|im_end|>", {}, "what does <|im_end|> mean?"), IsEmpty());
}

TEST(SpecialText, OrdinaryTextHoldsNoMarkers) {
  for (const char* text : {"if (a < b || c > d)", "<html><b>x</b></html>", "vector<int>", "a<|b",
                           "<| spaced |>", "<||>", "<|>", "<a<|b|", "1 <2> 3", ""}) {
    EXPECT_THAT(find_unknown_markers(text, {}, ""), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace crossval
