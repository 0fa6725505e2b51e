#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tokenizer/tokenizer.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;

// The kind of a file is what it holds, not what it is called.
TEST(TokenizerFile, RefusesWhatIsNoTokenizer) {
  const std::string path = ::testing::TempDir() + "x.model";
  for (const auto& [content, what] :
       {std::pair("just text", "no tokenizer file"), std::pair("{\"a\": 1}", "no model"),
        std::pair("GGUF", ""), std::pair("\x0A\x7F\x0A\x01", "")}) {
    std::ofstream(path, std::ios::binary) << content;
    const auto tokenizer = Tokenizer::from_file(path);
    ASSERT_FALSE(tokenizer) << content;
    EXPECT_EQ(tokenizer.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(tokenizer.error().what, HasSubstr(what));
    EXPECT_THAT(tokenizer.error().where, HasSubstr(path));
  }
}

}  // namespace
}  // namespace crossval
