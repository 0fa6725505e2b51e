#include "suite/store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "suite/made_suite.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  std::string folder() const { return folder_->path(); }
  std::string partial() const { return folder() + "/shard-0-of-1.sqlite.partial"; }

  Result<TempFolder> folder_ = TempFolder::make();
};

TEST_F(StoreTest, WhatWasAddedIsThereAfterwards) {
  const Manifest manifest = made::manifest(folder(), 1);
  {
    auto writer = ShardWriter::open(folder(), manifest, 0, false);
    ASSERT_TRUE(writer) << writer.error().message();
    ASSERT_TRUE(writer->add(1, made::result(2), made::positions(2)));
    EXPECT_TRUE(writer->has(1, 2));
  }  // not published: as after a kill
  EXPECT_FALSE(fs::exists(folder() + "/shard-0-of-1.sqlite"));
  auto again = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(again->has(1, 2));
  EXPECT_FALSE(again->has(0, 2));
  EXPECT_EQ(again->finished(), 1U);
  // Twice is refused by the database: nothing is doubled.
  EXPECT_FALSE(again->add(1, made::result(2), made::positions(2)));
}

TEST_F(StoreTest, ResultsAreNotGoneOnWithUnasked) {
  const Manifest manifest = made::manifest(folder(), 1);
  {
    ASSERT_TRUE(ShardWriter::open(folder(), manifest, 0, false));
  }
  const auto again = ShardWriter::open(folder(), manifest, 0, false);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ExitCode::usage);
  EXPECT_THAT(again.error().hint, HasSubstr("--resume"));
}

TEST_F(StoreTest, AShardHasOneWriter) {
  const Manifest manifest = made::manifest(folder(), 1);
  const auto first = ShardWriter::open(folder(), manifest, 0, false);
  ASSERT_TRUE(first);
  const auto second = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().what, "another process is writing this file");
}

TEST_F(StoreTest, AnotherManifestsStoreIsRefused) {
  const Manifest manifest = made::manifest(folder(), 1);
  {
    ASSERT_TRUE(open_store(partial(), "another"));
  }
  const auto writer = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().what, "these are results of another manifest");
}

TEST_F(StoreTest, AnotherVersionsStoreIsRefused) {
  const Manifest manifest = made::manifest(folder(), 1);
  {
    auto store = open_store(partial(), manifest.sha256);
    ASSERT_TRUE(store);
    ASSERT_TRUE(store->execute("PRAGMA user_version=99"));
  }
  const auto writer = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ExitCode::bad_input_file);
  EXPECT_EQ(writer.error().what, "a store of version 99, and this program reads version 2");
}

TEST_F(StoreTest, WhatIsNoStoreIsRefused) {
  const Manifest manifest = made::manifest(folder(), 1);
  std::ofstream(partial()) << "this is no database, and long enough to be looked at by one";
  const auto writer = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ExitCode::bad_input_file);
  {
    fs::remove(partial());
    auto other = sqlite::Database::open(partial(), sqlite::Database::Access::write);
    ASSERT_TRUE(other->execute("CREATE TABLE mine(a)"));
  }
  const auto foreign = ShardWriter::open(folder(), manifest, 0, true);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().what, "it is no store of a suite");
}

TEST_F(StoreTest, AnotherEngineDoesNotGoOn) {
  const Manifest manifest = made::manifest(folder(), 1);
  auto writer = ShardWriter::open(folder(), manifest, 0, false);
  ASSERT_TRUE(writer->note_engines(0, made::engine("1"), made::engine("1")));
  ASSERT_TRUE(writer->note_engines(0, made::engine("1"), made::engine("1")));
  const auto other = writer->note_engines(0, made::engine("1"), made::engine("2"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().what,
            "the engine is not the one of the results so far: version was \"1\" and is \"2\"");
  EXPECT_THAT(other.error().where, HasSubstr("reference of pair 0"));
}

TEST_F(StoreTest, TheFolderOfAnotherSuiteIsRefused) {
  made::manifest(folder(), 1);
  Suite suite{.name = "other"};
  suite.pairs.push_back({.name = "p", .candidate = "native", .reference = "native"});
  const std::vector<SuitePrompt> prompts = {{"a", "b"}};
  const auto manifest = make_manifest(suite, prompts, {}, {}, {});
  const auto placed = place_manifest(*manifest, prompts, folder());
  ASSERT_FALSE(placed);
  EXPECT_EQ(placed.error().code, ExitCode::usage);
  EXPECT_THAT(placed.error().hint, HasSubstr("/name is now \"other\""));
}

TEST_F(StoreTest, PromptsThatWereChangedAreFound) {
  made::manifest(folder(), 1);
  std::ofstream(folder() + "/prompts.jsonl", std::ios::app) << "{\"text\": \"more\"}\n";
  const auto manifest = read_manifest(folder());
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().what, "its prompts are not those of the manifest");
}

TEST_F(StoreTest, AManifestIsReadBack) {
  const Manifest made = made::manifest(folder(), 3);
  const auto read = read_manifest(folder());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->sha256, made.sha256);
  EXPECT_EQ(read->prompts, made.prompts);
  EXPECT_EQ(read->shards, 3);
  ASSERT_EQ(read->pairs.size(), 2U);
  EXPECT_EQ(read->pairs[1].name, "q");
  EXPECT_EQ(read->pairs[0].max_tokens, 4);
}

}  // namespace
}  // namespace crossval
