#include "report/json/values.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

TEST(JsonValues, NumbersThatJsonLacks) {
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(json_number(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(json_number(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(json_number(0.1).dump(), "0.1");
}

TEST(JsonValues, EveryDoubleComesBack) {
  for (const double value : {1.0 / 3, 5e-324, 1.7976931348623157e308, 0.9999999999999999}) {
    EXPECT_EQ(Json::parse(json_number(value).dump()).get<double>(), value);
  }
}

TEST(JsonValues, BytesThatAreNotUtf8) {
  EXPECT_EQ(json_bytes("caf\xc3\xa9"), "café");
  EXPECT_EQ(json_bytes("caf\xe9"), (Json{{"hex", "636166e9"}}));
  EXPECT_EQ(json_bytes(std::string_view("a\0b", 3)).dump(), "\"a\\u0000b\"");
}

TEST(JsonValues, RecordsTakeALine) {
  const Json document = {
      {"numbers", {1, 2, 3}}, {"records", {{{"a", 1}, {"b", 2}}}}, {"none", Json::array()}};
  EXPECT_EQ(json_document(document),
            "{\n"
            "  \"numbers\": [1,2,3],\n"
            "  \"records\": [\n"
            "    {\"a\":1,\"b\":2}\n"
            "  ],\n"
            "  \"none\": []\n"
            "}\n");
}

}  // namespace
}  // namespace crossval
