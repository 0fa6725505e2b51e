#include "floor/identity.h"

#include <gtest/gtest.h>

namespace crossval {
namespace {

EngineInfo engine() {
  EngineInfo info;
  info.identity.name = "llama.cpp";
  info.identity.commit = "0c1e57098";
  info.identity.profile = "canonical";
  info.settings.kv_type_k = info.settings.kv_type_v = "f16";
  info.settings.threads = 1;
  return info;
}

Floor floor() {
  Floor made;
  made.model_sha256 = {"aa", "bb"};
  made.model_description = "llama 135M";
  made.marks = engine_marks(engine());
  return made;
}

TEST(FloorIdentity, FitsTheEngineAndModelThatItIsOf) {
  EXPECT_TRUE(check_floor(floor(), "f.json", engine(), {"aa", "bb"}).has_value());
}

TEST(FloorIdentity, WhatChangesNoNumberIsNotAskedFor) {
  EngineInfo other = engine();
  other.settings.threads = 8;
  other.settings.n_batch = 7;
  other.settings.model_path = "/elsewhere/model.gguf";
  EXPECT_TRUE(check_floor(floor(), "f.json", other, {"aa", "bb"}).has_value());
}

TEST(FloorIdentity, AnotherModelIsRefused) {
  const auto checked = check_floor(floor(), "f.json", engine(), {"aa", "cc"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, ExitCode::usage);
  EXPECT_EQ(checked.error().what, "the floor is of another model (llama 135M)");
  EXPECT_EQ(checked.error().where, "f.json");
}

TEST(FloorIdentity, AnotherBuildOrSettingIsRefusedByName) {
  EngineInfo other = engine();
  other.identity.commit = "ffffffff";
  auto checked = check_floor(floor(), "f.json", other, {"aa", "bb"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().what,
            "the floor is of another build or setting: commit is \"0c1e57098\" there and "
            "\"ffffffff\" here");
  other = engine();
  other.settings.kv_type_k = "f32";
  EXPECT_FALSE(check_floor(floor(), "f.json", other, {"aa", "bb"}).has_value());
  other = engine();
  other.identity.name = "native";
  checked = check_floor(floor(), "f.json", other, {"aa", "bb"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().what.find("another engine: name"), std::string::npos);
}

TEST(FloorIdentity, KeysDifferWhereAnythingDoes) {
  const auto marks = engine_marks(engine());
  const std::string key = floor_key(marks, {"aa"}, "text");
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(key, floor_key(marks, {"aa"}, "text"));
  EXPECT_NE(key, floor_key(marks, {"ab"}, "text"));
  EXPECT_NE(key, floor_key(marks, {"aa"}, "texts"));
  auto others = marks;
  others.back().value += "x";
  EXPECT_NE(key, floor_key(others, {"aa"}, "text"));
}

}  // namespace
}  // namespace crossval
