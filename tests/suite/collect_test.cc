#include "suite/collect.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "base/temp_folder.h"
#include "suite/made_suite.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The rows of a table, times left out.
std::string rows(const std::string& path, const std::string& table, const std::string& order) {
  auto store = sqlite::Database::open(path, sqlite::Database::Access::read);
  EXPECT_TRUE(store);
  const std::string columns = table == "prompt"
                                  ? "pair, prompt, verdict, tokens, lowest_cosine, largest_kl"
                                  : "pair, prompt, position, token, hex(piece), kl, candidate_next";
  auto row = store->prepare("SELECT " + columns + " FROM " + table + " ORDER BY " + order);
  EXPECT_TRUE(row);
  std::string text;
  while (row->step().value_or(false)) {
    for (int i = 0; i < 6; ++i) text += row->text(i) + "|";
    text += "\n";
  }
  return text;
}

class CollectTest : public ::testing::Test {
 protected:
  std::string folder(const std::string& name) const {
    const std::string path = top_->path() + "/" + name;
    fs::create_directories(path);
    return path;
  }
  Result<TempFolder> top_ = TempFolder::make();
};

TEST_F(CollectTest, ShardsGiveWhatOneRunGives) {
  const std::string one = folder("one"), three = folder("three");
  const Manifest whole = made::manifest(one, 1), cut = made::manifest(three, 3);
  made::run(one, whole, 0);
  for (const int32_t shard : {2, 0, 1}) made::run(three, cut, shard);
  ASSERT_TRUE(merge_shards(whole, {&one, 1}));
  ASSERT_TRUE(merge_shards(cut, {&three, 1}));
  for (const auto& [table, order] :
       {std::pair{"prompt", "pair, prompt"}, {"position", "pair, prompt, position"}}) {
    const std::string a = rows(one + "/result.sqlite", table, order);
    EXPECT_EQ(a, rows(three + "/result.sqlite", table, order));
    EXPECT_GT(a.size(), 100U);
  }
  const auto a = collect_results(whole, one), b = collect_results(cut, three);
  ASSERT_TRUE(a && b);
  ASSERT_EQ(b->pairs.size(), 2U);
  ASSERT_EQ(b->pairs[0].prompts.size(), 5U);
  for (int32_t i = 0; i < 5; ++i) EXPECT_EQ(b->pairs[1].prompts[static_cast<size_t>(i)].prompt, i);
  EXPECT_EQ(a->pairs[0].statistics.kl.value, b->pairs[0].statistics.kl.value);
  EXPECT_EQ(a->pairs[0].statistics.positions, 10);
  EXPECT_EQ(a->pairs[0].statistics.scored, 5);
  EXPECT_EQ(a->pairs[0].prompts[3].verdict, Verdict::diverged);
  EXPECT_EQ(exit_code(*a), ExitCode::diverged);
}

TEST_F(CollectTest, MergingAgainChangesNothing) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 2);
  made::run(one, manifest, 0);
  made::run(one, manifest, 1);
  ASSERT_TRUE(merge_shards(manifest, {&one, 1}));
  const std::string before = rows(one + "/result.sqlite", "prompt", "pair, prompt");
  const auto again = merge_shards(manifest, {&one, 1});
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(rows(one + "/result.sqlite", "prompt", "pair, prompt"), before);
  // What was merged is enough.
  fs::remove(one + "/shard-0-of-2.sqlite");
  fs::remove(one + "/shard-1-of-2.sqlite");
  EXPECT_TRUE(collect_results(manifest, one)->complete());
}

TEST_F(CollectTest, FoldersOfSeveralMachinesGoTogether) {
  const std::string a = folder("a"), b = folder("b");
  const Manifest manifest = made::manifest(a, 2);
  made::manifest(b, 2);
  made::run(a, manifest, 0);
  made::run(b, manifest, 1);
  made::run(b, manifest, 0, /*seconds=*/99);  // the same results at another time
  const std::vector<std::string> both = {a, b};
  ASSERT_TRUE(merge_shards(manifest, both));
  EXPECT_TRUE(collect_results(manifest, a)->complete());
}

TEST_F(CollectTest, MissingShardsAreSaid) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 4);
  made::run(one, manifest, 1);
  {
    ASSERT_TRUE(ShardWriter::open(one, manifest, 2, false));
  }
  const auto found = find_shards(manifest, {&one, 1});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->missing, ElementsAre(0, 2, 3));
  EXPECT_THAT(found->unfinished, ElementsAre(one + "/shard-2-of-4.sqlite.partial"));
  const auto result = collect_results(manifest, one);
  EXPECT_FALSE(result->complete());
  EXPECT_EQ(exit_code(*result), ExitCode::again);
}

TEST_F(CollectTest, TwoResultsOfOneShardAreRefused) {
  const std::string a = folder("a"), b = folder("b");
  const Manifest manifest = made::manifest(a, 1);
  made::manifest(b, 1);
  made::run(a, manifest, 0);
  made::run(b, manifest, 0, 0, /*version=*/"2");
  const std::vector<std::string> both = {a, b};
  const auto merged = merge_shards(manifest, both);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().what, "shard 0 has two different results");
  EXPECT_FALSE(fs::exists(a + "/result.sqlite"));
}

TEST_F(CollectTest, ShardsOfTwoEnginesAreRefused) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 2);
  made::run(one, manifest, 0);
  made::run(one, manifest, 1, 0, "2");
  const auto merged = merge_shards(manifest, {&one, 1});
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().what, HasSubstr("version was \"1\" and is \"2\""));
  EXPECT_THAT(merged.error().where, HasSubstr("shard-1-of-2"));
}

TEST_F(CollectTest, AnotherSuitesFolderIsRefused) {
  const std::string a = folder("a"), b = folder("b");
  const Manifest manifest = made::manifest(a, 1);
  made::manifest(b, 1, "other");
  const std::vector<std::string> both = {a, b};
  const auto merged = merge_shards(manifest, both);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().what, "the folder holds results of another manifest");
  EXPECT_EQ(merged.error().where, b);
}

TEST_F(CollectTest, AForeignDatabaseInTheFolderIsRefused) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 1);
  {
    auto other =
        sqlite::Database::open(one + "/shard-0-of-1.sqlite", sqlite::Database::Access::write);
    ASSERT_TRUE(other->execute("CREATE TABLE mine(a)"));
  }
  EXPECT_FALSE(collect_results(manifest, one));
}

// Neither a verdict nor an error must never pass.
TEST_F(CollectTest, AVerdictThatIsNoneIsRefused) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 1);
  made::run(one, manifest, 0);
  {
    auto store =
        sqlite::Database::open(one + "/shard-0-of-1.sqlite", sqlite::Database::Access::write);
    ASSERT_TRUE(store->execute("UPDATE prompt SET verdict = 'FINE' WHERE prompt = 1"));
  }
  const auto result = collect_results(manifest, one);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "it has a verdict that is none: \"FINE\"");
}

TEST_F(CollectTest, AnErrorOfAPromptIsKept) {
  const std::string one = folder("one");
  const Manifest manifest = made::manifest(one, 1);
  {
    auto writer = ShardWriter::open(one, manifest, 0, false);
    SuitePromptResult failed;
    failed.prompt = 1;
    failed.error = Error{ExitCode::engine_failed, "it ended", "candidate x", "look"};
    ASSERT_TRUE(writer->add(0, failed, {}));
    ASSERT_TRUE(writer->publish());
  }
  const auto result = collect_results(manifest, one);
  ASSERT_TRUE(result);
  const SuitePromptResult& prompt = result->pairs[0].prompts.at(0);
  ASSERT_TRUE(prompt.error);
  EXPECT_EQ(prompt.error->what, "it ended");
  EXPECT_EQ(prompt.error->where, "candidate x");
  EXPECT_FALSE(prompt.verdict);
  EXPECT_EQ(exit_code(*result), ExitCode::engine_failed);
}

}  // namespace
}  // namespace crossval
