#include "session/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "session/fake_engine.h"
#include "session/npy.h"

namespace crossval {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;
using testing::UnorderedElementsAre;

class PerTokenDump : public testing::Test {
 protected:
  void SetUp() override {
    base_ =
        fs::temp_directory_path() / ("crossval-dump-" + std::to_string(::getpid()) + "-" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directory(base_);
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string dir() const { return (base_ / "out").string(); }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::vector<std::string> names(const fs::path& path) {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path)) found.push_back(entry.path().filename());
    return found;
  }

  fs::path base_;
};

// numpy.lib.format, version 1.0, read by hand.
std::vector<float> parse_npy(const std::string& bytes, const std::string& shape) {
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto low = static_cast<unsigned char>(bytes.at(8));
  const auto high = static_cast<unsigned char>(bytes.at(9));
  const size_t length = low + 256U * high;
  EXPECT_EQ((10 + length) % 64, 0U);
  const std::string header = bytes.substr(10, length);
  EXPECT_THAT(header, testing::StartsWith(
                          "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"));
  EXPECT_EQ(header.back(), '\n');
  std::vector<float> values((bytes.size() - 10 - length) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + 10 + length, values.size() * sizeof(float));
  return values;
}

TEST_F(PerTokenDump, RowsAndTokensCanBeReadBack) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    row[1] = static_cast<float>(position) + 0.25F;
  };
  auto plan = plan_of_text();
  plan.max_tokens = 2;
  plan.dump_dir = dir();
  const auto result = run(plan, candidate, reference);
  ASSERT_TRUE(result.has_value()) << result.error().message();
  EXPECT_THAT(names(dir()), UnorderedElementsAre("candidate.npy", "reference.npy", "tokens.json"));
  const auto c = parse_npy(read(dir() + "/candidate.npy"), "(7, 19)");
  const auto r = parse_npy(read(dir() + "/reference.npy"), "(7, 19)");
  ASSERT_EQ(c.size(), 7U * kVocab);
  ASSERT_EQ(r.size(), 7U * kVocab);
  const std::vector<TokenId> last_of_call = {5, 5, 5, 5, 5, 11, 18};
  for (int32_t p = 0; p < 7; ++p) {
    auto row = FakeEngine::clean_row(p, last_of_call[static_cast<size_t>(p)]);
    EXPECT_TRUE(std::equal(row.begin(), row.end(), r.begin() + p * kVocab)) << p;
    row[1] = static_cast<float>(p) + 0.25F;
    EXPECT_TRUE(std::equal(row.begin(), row.end(), c.begin() + p * kVocab)) << p;
  }
  const auto tokens = nlohmann::json::parse(read(dir() + "/tokens.json"));
  EXPECT_EQ(tokens["rows"], 7);
  EXPECT_EQ(tokens["n_vocab"], kVocab);
  ASSERT_EQ(tokens["tokens"].size(), 7U);
  EXPECT_EQ(tokens["tokens"][5],
            (nlohmann::json{{"position", 5}, {"id", 11}, {"piece", "<11>"}, {"decode", true}}));
  EXPECT_EQ(tokens["tokens"][4]["decode"], false);
}

TEST_F(PerTokenDump, HeadersOfAnyRowCountHaveOneLength) {
  for (const int64_t rows : {int64_t{0}, int64_t{1}, INT64_MAX}) {
    EXPECT_EQ(npy_header(rows, INT64_MAX).size(), 128U);
  }
}

TEST_F(PerTokenDump, AFailedRunLeavesNothing) {
  FakeEngine candidate, reference;
  reference.fail_before[3] = {ExitCode::engine_failed, "lost", "", ""};
  auto plan = plan_of_ids(5);
  plan.dump_dir = dir();
  EXPECT_FALSE(run(plan, candidate, reference).has_value());
  EXPECT_FALSE(fs::exists(dir()));
  fs::create_directory(dir());  // the user's own directory stays
  EXPECT_FALSE(run(plan, candidate, reference).has_value());
  EXPECT_TRUE(fs::is_empty(dir()));
}

TEST_F(PerTokenDump, AnUnhealthyRunKeepsTheRowsItCompared) {
  FakeEngine candidate, reference;
  candidate.alter_row = [](int32_t position, std::vector<float>& row) {
    if (position == 3) row.pop_back();
  };
  auto plan = plan_of_ids(5);
  plan.dump_dir = dir();
  const auto result = run(plan, candidate, reference);
  EXPECT_EQ(result->verdict, Verdict::unhealthy);
  EXPECT_EQ(parse_npy(read(dir() + "/candidate.npy"), "(3, 19)").size(), 3U * kVocab);
  EXPECT_EQ(parse_npy(read(dir() + "/reference.npy"), "(3, 19)").size(), 3U * kVocab);
  EXPECT_EQ(nlohmann::json::parse(read(dir() + "/tokens.json"))["tokens"].size(), 3U);
}

TEST_F(PerTokenDump, AClosedGateWritesNothing) {
  FakeEngine candidate, reference;
  candidate.ids_of_text = {1};
  auto plan = plan_of_text();
  plan.dump_dir = dir();
  EXPECT_EQ(run(plan, candidate, reference)->verdict, Verdict::tokens_differ);
  EXPECT_FALSE(fs::exists(dir()));
}

// A limit on the size of files fails writes as a full disk does: late, when buffers are emptied.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit lower{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lower);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, previous_);
  }

 private:
  void (*previous_)(int) = SIG_DFL;
  rlimit limit_{};
};

TEST_F(PerTokenDump, AFullDiskIsAnErrorAndLeavesNothing) {
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{64}, rlim_t{300}, rlim_t{20000}}) {
    FakeEngine candidate, reference;
    auto plan = plan_of_ids(400);  // 30 kB a file
    plan.dump_dir = dir();
    const auto result = [&] {
      const FileSizeLimit limit(bytes);
      return run(plan, candidate, reference);
    }();
    ASSERT_FALSE(result.has_value()) << bytes;
    EXPECT_EQ(result.error().code, ExitCode::cannot_write);
    EXPECT_THAT(result.error().where, testing::HasSubstr(dir()));
    EXPECT_FALSE(fs::exists(dir()));
  }
}

TEST_F(PerTokenDump, ADirectoryThatCannotBeMadeIsAnError) {
  FakeEngine candidate, reference;
  auto plan = plan_of_ids(3);
  plan.dump_dir = dir() + "/no/parent";
  auto result = run(plan, candidate, reference);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::cannot_write);
  std::ofstream(dir()) << "a file";
  plan.dump_dir = dir();
  result = run(plan, candidate, reference);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExitCode::cannot_write);
  EXPECT_EQ(read(dir()), "a file");
  EXPECT_TRUE(candidate.evaluated.empty());
}

}  // namespace
}  // namespace crossval
