// Recordings that tests/golden/make_recording_corpus.py wrote from docs/recording.md, read and
// played back; and what the writer makes of the same run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "protocol/payload.h"
#include "protocol/request.h"
#include "recording/replay_engine.h"
#include "recording/writer.h"

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string corpus(const char* name) { return std::string(CROSSVAL_CORPUS) + "/" + name; }

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RecordingTest : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "/" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".xval";
  ~RecordingTest() override { std::filesystem::remove(path_); }

  std::string written(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
};

std::vector<std::vector<float>> rows_of(Engine& engine, std::vector<TokenId> ids, int32_t first) {
  std::vector<std::vector<float>> rows;
  const auto done = engine.evaluate({.ids = ids, .first = first}, [&](int32_t, const Row& row) {
    rows.emplace_back(row.logits.begin(), row.logits.end());
    return true;
  });
  EXPECT_TRUE(done) << done.error().message();
  return rows;
}

TEST_F(RecordingTest, AnswersWhatWasAsked) {
  const auto engine = open_recording(corpus("whole.xval"));
  ASSERT_TRUE(engine) << engine.error().message();
  Engine& replay = **engine;
  EXPECT_EQ(replay.info().identity.name, "recorded");
  EXPECT_THAT(replay.info().settings.model_sha256, ElementsAre("ab"));
  EXPECT_THAT(replay.tokenize("a", {.add_special = true, .parse_special = false}).value(),
              ElementsAre(2, 1));
  EXPECT_THAT(rows_of(replay, {2, 1}, 0), ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4, 2, 3)));
  EXPECT_THAT(rows_of(replay, {0}, 2), ElementsAre(ElementsAre(7, 8, 9)));
  EXPECT_THAT(rows_of(replay, {2, 1, 0}, 0).size(), 3U);  // in another batch
  EXPECT_THAT(replay.pieces(std::vector<TokenId>{1, 0}).value(), ElementsAre("b", "c"));
  EXPECT_EQ((*engine)->prompt_positions(), 2);
  EXPECT_THAT((*engine)->ids(), ElementsAre(2, 1, 0));
}

TEST_F(RecordingTest, ATraceIsCutToThePositionsAskedAbout) {
  const auto engine = open_recording(corpus("whole.xval"));
  ASSERT_TRUE(engine);
  const std::vector<TokenId> ids = {2, 1};
  std::vector<float> values;
  const auto done = (*engine)->trace({.ids = ids}, [&](const TraceTensor& tensor) {
    EXPECT_EQ(tensor.weight, "w");
    EXPECT_EQ(tensor.positions, 2);
    values.assign(tensor.data.begin(), tensor.data.end());
    return true;
  });
  EXPECT_EQ(done, Outcome::complete);
  EXPECT_THAT(values, ElementsAre(1, 2, 3, 4));
}

TEST_F(RecordingTest, WhatWasNotRecordedIsRefused) {
  const auto engine = open_recording(corpus("whole.xval"));
  ASSERT_TRUE(engine);
  const auto sink = [](int32_t, const Row&) { return true; };
  const std::vector<TokenId> other = {2, 0}, longer = {2, 1, 0, 0};
  const auto parted = (*engine)->evaluate({.ids = other}, sink);
  ASSERT_FALSE(parted);
  EXPECT_EQ(parted.error().code, ExitCode::usage);
  EXPECT_THAT(parted.error().what, HasSubstr("goes on with token 1"));
  const auto ended = (*engine)->evaluate({.ids = longer}, sink);
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().what, HasSubstr("ends after 3 positions"));
  EXPECT_FALSE((*engine)->tokenize("b", {}));
}

TEST_F(RecordingTest, OtherFormsOfRows) {
  const auto top = open_recording(corpus("top.xval")),
             hashes = open_recording(corpus("hashes.xval"));
  ASSERT_TRUE(top && hashes);
  const std::vector<TokenId> ids = {2, 1};
  EXPECT_TRUE((*top)->evaluate({.ids = ids}, [](int32_t position, const Row& row) {
    EXPECT_EQ(row.content, RowContent::top);
    EXPECT_THAT(row.top->tokens, ElementsAre(TopToken{position, -0.7F}));
    EXPECT_EQ(row.top->rest, 0.5);
    return true;
  }));
  EXPECT_TRUE((*hashes)->evaluate({.ids = ids}, [](int32_t position, const Row& row) {
    EXPECT_EQ(row.content, RowContent::hashes);
    EXPECT_EQ(row.hash.hash, 77U + static_cast<uint64_t>(position));
    EXPECT_EQ(row.hash.argmax, position);
    return true;
  }));
  EXPECT_TRUE((*hashes)->trace({.ids = ids}, [](const TraceTensor& tensor) {
    EXPECT_THAT(tensor.hashes, ElementsAre(5, 6));
    return true;
  }));
  EXPECT_EQ((*hashes)->info().warnings.at(0).name, "n");
}

TEST_F(RecordingTest, ACutOffFileIsReadToItsLastWholeFrame) {
  const auto engine = open_recording(corpus("cut.xval"));
  ASSERT_TRUE(engine) << engine.error().message();
  EXPECT_EQ((*engine)->info().warnings.at(0).name, "recording-cut-off");
  EXPECT_EQ(rows_of(**engine, {2, 1, 0}, 0).size(), 3U);
}

TEST_F(RecordingTest, ARowOfAnotherFormIsRefused) {
  const auto engine = open_recording(corpus("row_in_a_list.xval"));
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ExitCode::bad_input_file);
  EXPECT_THAT(engine.error().what, HasSubstr("malformed row"));
}

TEST_F(RecordingTest, EveryChangedByteIsFound) {
  const std::string whole = contents_of(corpus("whole.xval"));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bent = whole;
    bent[at] ^= 1;
    const auto engine = open_recording(written(bent));
    if (!engine) {
      EXPECT_EQ(engine.error().code, ExitCode::bad_input_file) << at;
      continue;
    }
    // In a row or a tensor: found when it is read.
    const std::vector<TokenId> ids = {2, 1, 0};
    const bool rows =
        (*engine)->evaluate({.ids = ids}, [](int32_t, const Row&) { return true; }).has_value();
    const bool tensors =
        (*engine)->trace({.ids = ids}, [](const TraceTensor&) { return true; }).has_value();
    EXPECT_FALSE(rows && tensors) << at;
  }
}

TEST_F(RecordingTest, AnotherFormatIsNamed) {
  const auto engine = open_recording(written(contents_of(corpus("whole.xval")).substr(0, 30)));
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ExitCode::bad_input_file);
  EXPECT_FALSE(parse_recording_facts(R"({"format": 2})"));
  EXPECT_THAT(parse_recording_facts(R"({"format": 2})").error().what, HasSubstr("format 2"));
  EXPECT_FALSE(parse_recording_facts("[]"));
  EXPECT_FALSE(parse_recording_facts(R"({"format": 1, "client": 7})"));
}

TEST_F(RecordingTest, TheWriterWritesWhatIsDocumented) {
  using protocol::bytes_of;
  using protocol::FrameType;
  const auto known = open_recording(corpus("whole.xval"));
  ASSERT_TRUE(known);
  EngineInfo info = (*known)->info();
  info.settings.model_sha256.clear();
  auto writer = RecordingWriter::create(path_, (*known)->facts(), info);
  ASSERT_TRUE(writer);
  const std::vector<TokenId> ids = {2, 1};
  const EvaluateRequest request{.ids = ids};
  const std::vector<float> first = {1, 2, 3}, second = {4, 2, 3};
  ASSERT_TRUE((*writer)->put(FrameType::evaluate,
                             {protocol::head_of(request).bytes(), bytes_of(request.ids)}));
  ASSERT_TRUE((*writer)->put_row(0, first));
  ASSERT_TRUE((*writer)->put_row(1, second));
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_TRUE((*writer)->finish());
  EXPECT_EQ(std::filesystem::file_size(path_), (*writer)->bytes());
  const auto again = open_recording(path_);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ((*again)->facts().prompt.text, "a");
  EXPECT_THAT(rows_of(**again, ids, 0), ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4, 2, 3)));
}

TEST(RecordingFacts, APromptMayBeAnyBytes) {
  RecordingFacts facts;
  facts.prompt.text = "caf\xe9";
  const auto read = parse_recording_facts(recording_facts_json(facts));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->prompt.text, facts.prompt.text);
}

}  // namespace
}  // namespace crossval
