#include "tokenizer/sentencepiece/protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crossval {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;

// The wire-format guide's examples: field 1 = 150, field 2 = "testing".
TEST(Protobuf, ReadsNumbersAndBytes) {
  ProtobufReader reader("\x08\x96\x01\x12\x07testing"sv, "m");
  const auto number = reader.next();
  ASSERT_TRUE(number && number->has_value());
  EXPECT_EQ((*number)->number, 1U);
  EXPECT_EQ((*number)->integer, 150U);
  const auto text = reader.next();
  ASSERT_TRUE(text && text->has_value());
  EXPECT_EQ((*text)->number, 2U);
  EXPECT_EQ((*text)->bytes, "testing");
  EXPECT_FALSE(reader.next()->has_value());
}

TEST(Protobuf, ReadsFloatsAndNegativeNumbers) {
  ProtobufReader reader("\x15\x00\x00\x80\xBF\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv, "m");
  EXPECT_EQ((*reader.next())->as_float(), -1.0F);
  EXPECT_EQ((*reader.next())->as_int32(), -1);
}

TEST(Protobuf, RefusesWhatIsCutOff) {
  for (const auto message : {"\x12\x08testing"sv, "\x08\x96"sv, "\x15\x00\x00"sv, "\x0B"sv,
                             "\x00"sv, "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv,
                             "\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"sv}) {
    const auto field = ProtobufReader(message, "m.model").next();
    ASSERT_FALSE(field);
    EXPECT_EQ(field.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(field.error().where, HasSubstr("m.model, byte"));
  }
}

}  // namespace
}  // namespace crossval
