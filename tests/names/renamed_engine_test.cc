#include "names/renamed_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "session/fake_engine.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::UnorderedElementsAre;
using testing_support::FakeEngine;

const std::vector<TokenId> kIds = {1, 2, 3};

std::unique_ptr<Engine> with_names(std::string_view text) {
  auto engine = std::make_unique<FakeEngine>();
  engine->graph = {{"tok", "x"},
                   {"h.0.qkv", "x", -1, 6},
                   {"h.0.out", "x", -1, 4, 0, 0, "w", {"h.0.qkv x", "tok x"}}};
  auto file = NamesFile::parse(text, "names.json");
  EXPECT_TRUE(file.has_value()) << file.error().message();
  auto named = renamed(std::move(engine), *std::move(file));
  EXPECT_TRUE(named.has_value()) << named.error().message();
  return *std::move(named);
}

struct Seen {
  int32_t layer = -1;
  std::vector<float> values;
  std::vector<std::string> inputs;
};

std::map<std::string, Seen> seen(Engine& engine, const Selection& selection = {}) {
  std::map<std::string, Seen> all;
  const auto done = engine.trace({.ids = kIds, .selection = selection}, [&](const TraceTensor& t) {
    Seen& one = all[label_of(t.name, t.op, t.occurrence)];
    one = {t.layer, {t.data.begin(), t.data.end()}, t.inputs};
    return true;
  });
  EXPECT_TRUE(done.has_value()) << done.error().message();
  return all;
}

constexpr const char* kNames = R"({
  "tok": "embd GET_ROWS",
  "h.{N}.qkv": [{"name": "Qcur-{N} MUL_MAT", "columns": [0, 3]},
                {"name": "Kcur-{N} MUL_MAT", "columns": [3, 5]}],
  "h.{N}.out": "l_out-{N} ADD"})";

TEST(RenamedEngine, TensorsGoByTheFile) {
  const auto engine = with_names(kNames);
  const auto all = seen(*engine);
  EXPECT_THAT(all, UnorderedElementsAre(Key("embd GET_ROWS"), Key("Qcur-0 MUL_MAT"),
                                        Key("Kcur-0 MUL_MAT"), Key("l_out-0 ADD")));
  EXPECT_EQ(all.at("l_out-0 ADD").layer, 0);
  EXPECT_EQ(all.at("embd GET_ROWS").layer, -1);
}

TEST(RenamedEngine, ColumnsAreCutOutOfEachPosition) {
  const auto engine = with_names(kNames);
  const auto all = seen(*engine);  // the fake's value is 100 × position + column
  EXPECT_THAT(all.at("Qcur-0 MUL_MAT").values, ElementsAre(0, 1, 2, 100, 101, 102, 200, 201, 202));
  EXPECT_THAT(all.at("Kcur-0 MUL_MAT").values, ElementsAre(3, 4, 103, 104, 203, 204));
}

TEST(RenamedEngine, InputsAreRenamedWhereTheyAreOne) {
  const auto engine = with_names(kNames);
  EXPECT_THAT(seen(*engine).at("l_out-0 ADD").inputs, ElementsAre("h.0.qkv x", "embd GET_ROWS"));
}

TEST(RenamedEngine, ASelectionIsOfOurNames) {
  const auto engine = with_names(kNames);
  EXPECT_THAT(seen(*engine, {.names = {"Kcur-0"}}), UnorderedElementsAre(Key("Kcur-0 MUL_MAT")));
  EXPECT_THAT(seen(*engine, {.ops = {"ADD"}}), UnorderedElementsAre(Key("l_out-0 ADD")));
  EXPECT_THAT(seen(*engine, {.layers = {-1, 0}}), UnorderedElementsAre(Key("embd GET_ROWS")));
  const auto one = seen(*engine, {.names = {"Kcur-0"}, .positions = {1, 2}});
  EXPECT_THAT(one.at("Kcur-0 MUL_MAT").values, ElementsAre(103, 104));
}

TEST(RenamedEngine, WhatTheFileDoesNotNameStays) {
  const auto engine = with_names(R"({"tok": "embd GET_ROWS"})");
  EXPECT_THAT(seen(*engine),
              UnorderedElementsAre(Key("embd GET_ROWS"), Key("h.0.qkv x"), Key("h.0.out x")));
}

TEST(RenamedEngine, ColumnsThatATensorDoesNotHaveAreRefused) {
  const auto engine = with_names(R"({"tok": {"name": "embd GET_ROWS", "columns": [2, 5]}})");
  const auto done = engine->trace({.ids = kIds}, [](const TraceTensor&) { return true; });
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ExitCode::usage);
  EXPECT_THAT(done.error().message(), HasSubstr("the columns 2 to 4 of a tensor of 4"));
  EXPECT_THAT(done.error().message(), HasSubstr("tok x"));
}

TEST(RenamedEngine, HashesCannotBeCut) {
  auto engine = std::make_unique<FakeEngine>();
  engine->info_.settings.rows = kHashedRows;
  const auto named = renamed(
      std::move(engine),
      *NamesFile::parse(R"({"tok": {"name": "embd GET_ROWS", "columns": [0, 2]}})", "names.json"));
  ASSERT_FALSE(named.has_value());
  EXPECT_THAT(named.error().message(), HasSubstr("hashes"));
}

}  // namespace
}  // namespace crossval
