#include "floor/reader.h"

#include <gtest/gtest.h>

#include <random>

#include "report/json/floor.h"

namespace crossval {
namespace {

Floor floor() {
  FloorSetting kv{.name = "keys and values in f32",
                  .engine = "llama.cpp:kv=f32",
                  .identical_rows = 1,
                  .argmax_flips = 2,
                  .kl = {0.001, 0.02, 0.03},
                  .centred_nmse = {1e-3, 2e-3, 1.0 / 3},
                  .cosine_distance = {-1e-16, 1e-3, 2e-3},
                  .max_abs_diff = {0.5, 1, 2},
                  .relative_l2 = {0.1, 0.2, 0.3}};
  FloorSetting build = kv;
  build.name = "production build";
  build.log_ratio = -0.05;
  build.log_ratio_error = 0.01;
  return {.model_sha256 = {"aa"},
          .model_description = "llama 135M",
          .engine = "llama.cpp",
          .marks = {{"name", "llama.cpp"}, {"commit", ""}, {"a", "b"}},
          .text_sha256 = "cc",
          .positions = 100,
          .settings = {kv, build},
          .lacking = {"a: b"},
          .pair = 1,
          .margin = 0.03};
}

TEST(FloorReader, ReadsWhatIsWritten) {
  const auto read = read_floor(floor_document(floor()), "f.json");
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(*read, floor());
  Floor without = floor();
  without.pair.reset();
  EXPECT_EQ(*read_floor(floor_document(without), "f.json"), without);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(FloorReader, SaysWhatIsWrong) {
  const std::string text = floor_document(floor());
  const auto why = [](const std::string& damaged) -> std::string {
    const auto read = read_floor(damaged, "f.json");
    if (read) return "nothing";
    EXPECT_EQ(read.error().code, ExitCode::bad_input_file);
    EXPECT_EQ(read.error().where, "f.json");
    return read.error().what.substr(read.error().what.find(": ") + 2);
  };
  EXPECT_EQ(why(""), "it is no JSON");
  EXPECT_EQ(why("[]"), "floor_version is missing");
  EXPECT_EQ(why(replaced(text, "\"floor_version\": 1", "\"floor_version\": 2")),
            "floor_version is not 1");
  EXPECT_EQ(why(replaced(text, "\"positions\": 100", "\"positions\": 0")), "positions is 0");
  EXPECT_EQ(why(replaced(text, "\"positions\": 100", "\"positions\": -1")),
            "positions is no number from 0 to 2147483647");
  EXPECT_EQ(why(replaced(text, "\"identical_rows\": 1", "\"identical_rows\": 101")),
            "identical_rows is no number from 0 to 100");
  EXPECT_EQ(why(replaced(text, "\"median\":0.001", "\"median\":0.5")), "kl is not in order");
  EXPECT_EQ(why(replaced(text, "\"median\":0.001", "\"median\":\"NaN\"")), "median is no number");
  EXPECT_EQ(why(replaced(text, "\"pair\": 1", "\"pair\": 2")), "pair is no number from 0 to 1");
  EXPECT_EQ(why(replaced(text, "\"margin\": 0.03", "\"margin\": -1")), "margin is below 0");
  EXPECT_EQ(why(replaced(text, "\"settings\"", "\"other\"")), "settings is missing");
  EXPECT_EQ(why(replaced(text, "[\"a: b\"]", "[1]")), "lacking holds what is no string");
}

// Whatever happens to a file, it is read or refused.
TEST(FloorReader, SurvivesDamage) {
  const std::string text = floor_document(floor());
  std::mt19937 random(11);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    for (int n = std::uniform_int_distribution<int>(1, 4)(random); n > 0; --n) {
      const size_t at = std::uniform_int_distribution<size_t>(0, damaged.size() - 1)(random);
      switch (random() % 3) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, random() % 40);
          break;
        default:
          damaged.insert(at, std::string(random() % 5, "[{\",0-"[random() % 6]));
      }
      if (damaged.empty()) damaged = " ";
    }
    const auto read = read_floor(damaged, "f.json");
    if (read) {
      EXPECT_LT(read->pair.value_or(0), std::ssize(read->settings));
    } else {
      EXPECT_EQ(read.error().code, ExitCode::bad_input_file);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  for (size_t end = 0; end + 2 < text.size(); end += 7)
    EXPECT_FALSE(read_floor(text.substr(0, end), "f.json").has_value());
  EXPECT_FALSE(read_floor(std::string(1 << 19, '['), "f.json").has_value());
}

}  // namespace
}  // namespace crossval
