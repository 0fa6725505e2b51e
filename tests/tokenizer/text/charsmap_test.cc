#include "tokenizer/text/charsmap.h"

#include <gtest/gtest.h>

#include <cstring>

namespace crossval {
namespace {

// A double array by hand: the root's base is 256 (unit 0), "A" stands at 256 ^ 0x41 and has a value
// there, kept at its base, 2 further: the offset of "xy".
std::vector<std::byte> map_of_one(uint32_t offset, std::string_view replacements) {
  std::vector<uint32_t> units(512);
  const uint32_t at = 256 ^ 0x41U;
  units[0] = 256U << 10;
  units[at] = 2U << 10 | 1U << 8 | 0x41;
  units[at ^ 2U] = offset | 1U << 31;
  const auto size = static_cast<uint32_t>(units.size() * 4);
  std::vector<std::byte> bytes(4 + size + replacements.size());
  std::memcpy(bytes.data(), &size, 4);
  std::memcpy(bytes.data() + 4, units.data(), size);
  std::memcpy(bytes.data() + 4 + size, replacements.data(), replacements.size());
  return bytes;
}

TEST(Charsmap, ReplacesWhatItKnows) {
  const auto map = Charsmap::parse(map_of_one(2, std::string_view("z\0xy\0", 5)), "m");
  ASSERT_TRUE(map);
  const auto found = map->longest("AB");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->consumed, 1U);
  EXPECT_EQ(found->text, "xy");
  EXPECT_EQ(map->longest("BA")->consumed, 0U);
  EXPECT_EQ(map->longest("")->consumed, 0U);
  EXPECT_EQ(Charsmap().longest("A")->consumed, 0U);
}

TEST(Charsmap, RefusesWhatPointsOutside) {
  const auto beyond = Charsmap::parse(map_of_one(9, std::string_view("xy\0", 3)), "m");
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->longest("A").error().code, ExitCode::bad_input_file);
  EXPECT_TRUE(beyond->longest("B"));
  const auto endless = Charsmap::parse(map_of_one(0, "xy"), "m");
  ASSERT_TRUE(endless);
  EXPECT_FALSE(endless->longest("A"));
}

TEST(Charsmap, RefusesSizesThatDoNotFit) {
  const std::byte bytes[8] = {std::byte{4}};
  EXPECT_FALSE(Charsmap::parse(std::span(bytes).first(3), "m"));
  EXPECT_FALSE(Charsmap::parse(bytes, "m"));  // no room for replacements
}

}  // namespace
}  // namespace crossval
