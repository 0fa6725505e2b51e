#include "process/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cmath>
#include <cstring>
#include <thread>

namespace crossval {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

bool no_child_left() { return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD; }

Result<std::unique_ptr<Engine>> fake(const std::string& mode,
                                     std::chrono::milliseconds timeout = 30s,
                                     std::stop_token stop = {}) {
  return make_process_engine({.name = "fake",
                              .arguments = {CROSSVAL_FAKE_WORKER, mode},
                              .settings = {{"model", "m.gguf"}},
                              .timeout = timeout,
                              .stop = std::move(stop)});
}

const std::vector<TokenId> kIds = {0, 1, 2, 3};
bool go_on(int32_t, const Row&) { return true; }

struct Misdeed {
  const char* name;  // printed by GoogleTest
  const char* mode;
  const char* what;
  const char* where;
  const char* hint;
};
void PrintTo(const Misdeed& misdeed, std::ostream* out) { *out << misdeed.mode; }

void expect_failure(const Error& error, const Misdeed& misdeed) {
  EXPECT_EQ(error.code, ExitCode::engine_failed);
  EXPECT_THAT(error.what, HasSubstr("engine fake "));
  EXPECT_THAT(error.what, HasSubstr(misdeed.what));
  EXPECT_EQ(error.where, std::string("engine fake, ") + misdeed.where);
  EXPECT_THAT(error.hint, HasSubstr(misdeed.hint));
}

class AtStart : public testing::TestWithParam<Misdeed> {};

TEST_P(AtStart, IsAnAttributedError) {
  const bool waits = std::string(GetParam().hint) == "--engine-timeout";
  const auto engine = fake(GetParam().mode, waits ? 500ms : 30000ms);
  ASSERT_FALSE(engine.has_value());
  expect_failure(engine.error(), GetParam());
  EXPECT_TRUE(no_child_left());
}

INSTANTIATE_TEST_SUITE_P(
    Process, AtStart,
    testing::Values(
        Misdeed{"Exit", "start-exit", "exited with status 3", "start", "    matrix 7 is broken"},
        Misdeed{"Crash", "start-crash", "signal 11 (SIGSEGV: ", "start", "matrix 7 is broken"},
        Misdeed{"Assert", "start-assert", "signal 6 (SIGABRT: ", "start",
                "Its last words:\n    /b/llama.cpp:71: GGML_ASSERT(n > 0) failed\n    loading"},
        Misdeed{"Hang", "start-hang", "has been silent for 0.5 s", "start", "--engine-timeout"},
        Misdeed{"Dribble", "start-dribble", "has not finished a frame in 0.5 s", "start",
                "--engine-timeout"},
        Misdeed{"Close", "start-close", "closed its output", "start", ""},
        Misdeed{"Garbage", "start-garbage",
                "no frame of the engine protocol: \"Welcome to the engin\"", "start", ""},
        Misdeed{"Version", "start-version",
                "version 9 of the engine protocol, this program version 2", "start", "Rebuild"},
        Misdeed{"VersionOne", "start-version-1",
                "speaks version 1 of the engine protocol, this program version 2", "start",
                "Rebuild"},
        Misdeed{"Huge", "start-huge", "a frame of 4278190080 bytes; at most 67108864", "start", ""},
        Misdeed{"Checksum", "start-checksum", "checksum does not match", "start", ""},
        Misdeed{"Truncate", "start-truncate", "exited with status 0 in the middle of a frame",
                "start", ""},
        Misdeed{"Unknown", "start-unknown", "unknown type 77", "start", ""},
        Misdeed{"OutOfTurn", "start-out-of-turn", "out of turn: hello", "start", ""},
        Misdeed{"WarnsOn", "warns-on", "does nothing but warn", "start", ""},
        Misdeed{"WarnsBadly", "warns-badly", "\"message\" has the wrong type", "start", ""},
        Misdeed{"NoJson", "no-json", "introduced itself badly", "start", ""},
        Misdeed{"NoContext", "no-context", "its n_ctx, the positions that fit, is 0", "start", ""},
        Misdeed{"NoVocabulary", "no-vocab", "n_vocab is not in [1, ", "start", ""},
        Misdeed{"HugeNumber", "huge-number", "\"n_ctx\" has the wrong type", "start", ""},
        Misdeed{"BadType", "bad-type", "\"n_vocab\" has the wrong type", "start", ""}),
    [](const auto& test) { return test.param.name; });

class WhileEvaluating : public testing::TestWithParam<Misdeed> {};

TEST_P(WhileEvaluating, IsAnAttributedErrorFromThenOn) {
  {
    const bool waits = std::string(GetParam().hint) == "--engine-timeout";
    const auto engine = fake(GetParam().mode, waits ? 2000ms : 30000ms);
    ASSERT_TRUE(engine.has_value()) << engine.error().message();
    const auto first = (*engine)->evaluate({.ids = kIds}, go_on);
    ASSERT_FALSE(first.has_value());
    expect_failure(first.error(), GetParam());
    const auto second = (*engine)->evaluate({.ids = kIds}, go_on);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().what, first.error().what);
  }
  EXPECT_TRUE(no_child_left());
}

INSTANTIATE_TEST_SUITE_P(
    Process, WhileEvaluating,
    testing::Values(
        Misdeed{"Exit", "mid-exit", "exited with status 3", "evaluate, position 2", "matrix 7"},
        Misdeed{"Crash", "mid-crash", "SIGSEGV", "evaluate, position 2", "matrix 7 is broken"},
        Misdeed{"Hang", "mid-hang", "silent for 2 s", "evaluate, position 2", "--engine-timeout"},
        Misdeed{"Garbage", "mid-garbage", "no frame", "evaluate, position 2", ""},
        Misdeed{"Checksum", "mid-checksum", "checksum", "evaluate, position 2", ""},
        Misdeed{"OtherChecksum", "crc32-no-more", "checksum", "evaluate, position 2", ""},
        Misdeed{"Truncate", "mid-truncate", "in the middle of a frame", "evaluate, position 2", ""},
        Misdeed{"Huge", "mid-huge", "at most 67108864", "evaluate, position 2", ""},
        Misdeed{"ShortRow", "short-row", "a row frame of 16 bytes; a position and 4 logits are 20",
                "evaluate, position 2", ""},
        Misdeed{"WideRow", "wide-row", "a row frame of 24 bytes", "evaluate, position 2", ""},
        Misdeed{"SkippedRow", "skip-row", "position 3 instead of 2", "evaluate, position 2", ""},
        Misdeed{"Early", "early", "2 rows early", "evaluate, position 2", ""},
        Misdeed{"UnaskedStop", "unasked-stop", "stopped without being asked to",
                "evaluate, position 4", ""},
        Misdeed{"BareDone", "bare-done", "malformed done frame of 0 bytes", "evaluate, position 4",
                ""},
        Misdeed{"ExtraRow", "extra-row", "position 4 after the last one", "evaluate, position 4",
                ""}),
    [](const auto& test) { return test.param.name; });

TEST(ProcessEngine, HealthyEngineAnswers) {
  {
    const auto made = fake("good");
    ASSERT_TRUE(made.has_value()) << made.error().message();
    Engine& engine = **made;
    EXPECT_EQ(engine.info().identity.name, "fake");
    EXPECT_EQ(engine.info().settings.n_vocab, 4);
    EXPECT_EQ(engine.info().settings.kv_type_k, "f32");
    EXPECT_TRUE(engine.info().capabilities.tokenize);
    EXPECT_TRUE(engine.info().capabilities.trace);
    // The fake's ids are the request's first bytes: the flags, then the text.
    EXPECT_THAT(*engine.tokenize("abc", {}), ElementsAre(0x63626103));
    EXPECT_THAT(*engine.tokenize("abc", {.add_special = false}), ElementsAre(0x63626102));
    EXPECT_THAT(*engine.pieces(std::vector<TokenId>{1, 2}), ElementsAre("ab", ""));
    EXPECT_TRUE(*engine.is_end_of_generation(1));
    EXPECT_FALSE(*engine.is_end_of_generation(0));
    std::vector<float> firsts;
    const auto sink = [&](int32_t position, const Row& row) {
      EXPECT_EQ(row.logits.size(), 4u);
      EXPECT_EQ(row.logits[0], static_cast<float>(position));
      firsts.push_back(row.logits[3]);
      return true;
    };
    ASSERT_TRUE(engine.evaluate({.ids = kIds}, sink).has_value());
    ASSERT_TRUE(engine.evaluate({.ids = std::vector<TokenId>{3}, .first = 4}, sink).has_value());
    EXPECT_THAT(firsts, ElementsAre(0.75F, 1.75F, 2.75F, 3.75F, 4.75F));
  }
  EXPECT_TRUE(no_child_left());
}

TEST(ProcessEngine, ItsFirstFrameChoosesTheChecksum) {
  for (const char* mode : {"good", "crc32", "unchecked"}) {
    const auto engine = fake(mode);
    ASSERT_TRUE(engine.has_value()) << mode << ": " << engine.error().message();
    int rows = 0;
    const auto count = [&](int32_t, const Row&) { return ++rows > 0; };
    EXPECT_TRUE((*engine)->evaluate({.ids = kIds}, count).has_value()) << mode;
    EXPECT_EQ(rows, 4) << mode;
  }
}

TEST(ProcessEngine, WhatItNeedNotSay) {
  const auto engine = fake("learned");  // says n_vocab and n_ctx alone
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  EXPECT_EQ((*engine)->info().identity.name, "fake");  // what it was started as
  EXPECT_EQ((*engine)->info().settings.model_path, "m.gguf");
  EXPECT_FALSE((*engine)->info().settings.all_logits);
  EXPECT_TRUE((*fake("good"))->info().settings.all_logits);  // by its capabilities
}

TEST(ProcessEngine, ItGetsVariablesAndAFolder) {
  const auto engine = make_process_engine({.name = "exec:fake",
                                           .arguments = {CROSSVAL_FAKE_WORKER, "place"},
                                           .variables = {"CROSSVAL_TEST_PLACE=here"},
                                           .folder = "/"});
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  EXPECT_EQ((*engine)->info().identity.version, "/");
  EXPECT_EQ((*engine)->info().identity.build, "here");
  // It has said its name: that is what it is called from then on.
  EXPECT_EQ((*engine)->pieces(kIds).error().where, "engine placed, start");
  const auto nowhere = make_process_engine({.name = "exec:fake",
                                            .arguments = {CROSSVAL_FAKE_WORKER, "good"},
                                            .folder = "/no/such/folder"});
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_THAT(nowhere.error().message(), HasSubstr("exec:fake"));
}

TEST(ProcessEngine, TheLastRowIsTheOnlyOneWhereItIsAskedFor) {
  std::vector<int32_t> positions;
  const auto sink = [&](int32_t position, const Row&) {
    positions.push_back(position);
    return true;
  };
  const auto engine = fake("good");
  EXPECT_EQ((*engine)->evaluate({.ids = kIds, .rows = Rows::last}, sink), Outcome::complete);
  EXPECT_EQ((*engine)->evaluate({.ids = kIds, .first = 4, .rows = Rows::last}, sink),
            Outcome::complete);
  EXPECT_THAT(positions, ElementsAre(3, 7));
  const auto deaf = (*fake("all-rows"))->evaluate({.ids = kIds, .rows = Rows::last}, go_on);
  ASSERT_FALSE(deaf.has_value());
  EXPECT_THAT(deaf.error().what, HasSubstr("sent the row of position 0 instead of 3"));
}

TEST(ProcessEngine, RequestsThatCannotBeAreRefusedBeforeTheyAreSent) {
  const auto made = fake("good");
  ASSERT_TRUE(made.has_value());
  Engine& engine = **made;
  const auto out_of_range = engine.evaluate({.ids = std::vector<TokenId>{4}}, go_on);
  EXPECT_EQ(out_of_range.error().code, ExitCode::usage);
  EXPECT_EQ(out_of_range.error().where, "engine fake, evaluate, position 0");
  EXPECT_EQ(engine.evaluate({.ids = std::vector<TokenId>{-1}}, go_on).error().code,
            ExitCode::usage);
  EXPECT_EQ(engine.evaluate({.ids = std::vector<TokenId>(17)}, go_on).error().code,
            ExitCode::usage);
  EXPECT_EQ(engine.evaluate({.ids = kIds, .first = 2}, go_on).error().code, ExitCode::internal);
  EXPECT_TRUE(engine.evaluate({.ids = std::vector<TokenId>(16)}, go_on).has_value());
}

TEST(ProcessEngine, LearnedPositionsAreKnownToBeAll) {
  const std::vector<TokenId> ids(17);
  EXPECT_EQ((*fake("good"))->evaluate({.ids = ids}, go_on).error().hint,
            "Raise -c or shorten the prompt.");
  const auto engine = fake("learned");
  EXPECT_EQ((*engine)->info().settings.n_ctx_learned, 16);
  EXPECT_EQ((*engine)->evaluate({.ids = ids, .rows = Rows::last}, go_on).error().hint,
            "The model has learned no more positions: shorten the prompt.");
}

TEST(ProcessEngine, AnEngineWithoutAVocabularyIsNotAskedForText) {
  const auto engine = fake("learned");  // names no capabilities
  ASSERT_TRUE(engine.has_value());
  const auto pieces = (*engine)->pieces(kIds);
  ASSERT_FALSE(pieces.has_value());
  EXPECT_EQ(pieces.error().code, ExitCode::usage);
  EXPECT_THAT(pieces.error().hint, HasSubstr("--tokens"));
  EXPECT_FALSE((*engine)->tokenize("a", {}).has_value());
  EXPECT_FALSE((*engine)->is_end_of_generation(0).value());
  EXPECT_TRUE((*fake("good"))->pieces(std::vector<TokenId>{0, 1}).has_value());
}

TEST(ProcessEngine, ErrorsOfTheEngineKeepTheirKind) {
  for (const auto& [mode, code] :
       {std::pair{"usage", ExitCode::usage}, std::pair{"input", ExitCode::bad_input_file}}) {
    const auto engine = fake(mode);
    ASSERT_TRUE(engine.has_value());
    const auto result = (*engine)->evaluate({.ids = kIds}, go_on);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(result.error().what, "no thing");  // one line, which cannot pass for two
    EXPECT_EQ(result.error().where, "engine fake, evaluate, position 0");
    EXPECT_EQ(result.error().hint, "do");
    EXPECT_TRUE((*engine)->tokenize("abc", {}).has_value());  // the engine is still there
  }
}

TEST(ProcessEngine, WarningsComeOnceAndShortAndAlsoLater) {
  const auto engine = fake("warns");
  ASSERT_TRUE(engine.has_value()) << engine.error().message();
  const auto& warnings = (*engine)->info().warnings;
  ASSERT_EQ(warnings.size(), 3U);
  EXPECT_EQ(warnings[0].name, "engine-warning");
  EXPECT_EQ(warnings[0].message, "no pre-tokenizer");
  EXPECT_EQ(warnings[1].message, "one line \x1b[31mof many");  // what is printed is escaped there
  EXPECT_EQ(warnings[2].message, std::string(399, 'x') + "…");
  ASSERT_TRUE((*engine)->evaluate({.ids = kIds}, go_on).has_value());
  ASSERT_EQ((*engine)->info().warnings.size(), 4U);
  EXPECT_EQ((*engine)->info().warnings[3].message, "later");
  EXPECT_TRUE((*fake("good"))->info().warnings.empty());
}

TEST(ProcessEngine, WarningsAreFew) {
  const auto engine = fake("warns-much");
  ASSERT_TRUE(engine.has_value());
  const auto& warnings = (*engine)->info().warnings;
  ASSERT_EQ(warnings.size(), 17U);
  EXPECT_EQ(warnings[15].message, "number 15");
  EXPECT_EQ(warnings[16].name, "more-warnings");
}

TEST(ProcessEngine, NanAndSignsPassUntouched) {
  const auto engine = fake("nan");
  ASSERT_TRUE(engine.has_value());
  const auto sink = [](int32_t, const Row& row) {
    uint32_t bits = 0;
    std::memcpy(&bits, &row.logits[0], sizeof bits);
    EXPECT_EQ(bits, 0x7fc00123u);
    EXPECT_TRUE(std::signbit(row.logits[1]));
    EXPECT_TRUE(std::isinf(row.logits[2]));
    return true;
  };
  EXPECT_TRUE((*engine)->evaluate({.ids = kIds}, sink).has_value());
}

TEST(ProcessEngine, SinkCancels) {
  const auto engine = fake("cancel");
  ASSERT_TRUE(engine.has_value());
  int rows = 0;
  const auto stop = [&](int32_t, const Row&) { return ++rows > 99; };
  EXPECT_EQ((*engine)->evaluate({.ids = kIds}, stop), Outcome::stopped);
  EXPECT_EQ(rows, 1);
  EXPECT_TRUE((*engine)->tokenize("abc", {}).has_value());
}

TEST(ProcessEngine, TensorsArriveWithTheirShape) {
  const auto engine = fake("good");
  ASSERT_TRUE(engine.has_value());
  int tensors = 0;
  const auto sink = [&](const TraceTensor& tensor) {
    ++tensors;
    EXPECT_EQ(tensor.name, "kq-0");
    EXPECT_EQ(tensor.op, "MUL_MAT");
    EXPECT_EQ(tensor.layer, 0);
    EXPECT_EQ(tensor.first_position, 1);
    EXPECT_EQ(tensor.positions, 1);
    EXPECT_EQ(tensor.width, 4);
    EXPECT_EQ(tensor.heads, 2);
    EXPECT_THAT(tensor.data, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(tensor.weight, "blk.0.k.weight");
    EXPECT_THAT(tensor.inputs, ElementsAre("Qcur-0 ROPE", "Kcur-0 ROPE"));
    return true;
  };
  EXPECT_EQ((*engine)->trace({.ids = kIds}, sink), Outcome::complete);
  EXPECT_EQ(tensors, 1);
}

TEST(ProcessEngine, TheSelectionTravels) {
  const auto engine = fake("good");
  const auto all = fake("trace-all");  // sends what was not asked for
  int tensors = 0;
  const auto count = [&](const TraceTensor&) { return ++tensors > 0; };
  const Selection other = {.names = {"kq-1"}, .ops = {"MUL_MAT"}};
  EXPECT_EQ((*engine)->trace({.ids = kIds, .selection = other}, count), Outcome::complete);
  EXPECT_EQ((*all)->trace({.ids = kIds, .selection = other}, count), Outcome::complete);
  EXPECT_EQ(tensors, 0);
  const Selection it = {.names = {"kq-1", "kq-0"}, .ops = {"MUL_MAT"}, .positions = {1, 2}};
  EXPECT_EQ((*engine)->trace({.ids = kIds, .selection = it}, count), Outcome::complete);
  EXPECT_EQ(tensors, 1);
  EXPECT_EQ((*engine)->trace({.ids = kIds, .selection = {.state = true}}, count).error().code,
            ExitCode::usage);
}

TEST(ProcessEngine, AnEngineNeedNotSayWhatATensorWasComputedFrom) {
  const auto engine = fake("no-sources");
  ASSERT_TRUE(engine.has_value());
  int tensors = 0;
  const auto done = (*engine)->trace({.ids = kIds}, [&](const TraceTensor& tensor) {
    ++tensors;
    EXPECT_TRUE(tensor.weight.empty() && tensor.inputs.empty());
    return true;
  });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(tensors, 1);
}

TEST(ProcessEngine, MalformedAnswersAreErrors) {
  for (const char* mode : {"trace-name", "trace-position", "trace-width"}) {
    const auto engine = fake(mode);
    const auto result = (*engine)->trace({.ids = kIds}, [](const TraceTensor&) { return true; });
    ASSERT_FALSE(result.has_value()) << mode;
    EXPECT_THAT(result.error().what, HasSubstr("malformed tensor frame"));
  }
  const auto sources =
      (*fake("trace-sources"))->trace({.ids = kIds}, [](const TraceTensor&) { return true; });
  ASSERT_FALSE(sources.has_value());
  EXPECT_THAT(sources.error().what, HasSubstr("malformed sources frame"));
  EXPECT_THAT((*fake("odd-ids"))->tokenize("abc", {}).error().what, HasSubstr("malformed ids"));
  EXPECT_THAT((*fake("short-piece"))->pieces(kIds).error().what,
              HasSubstr("malformed piece_bytes"));
}

TEST(ProcessEngine, DeafEngineIsSilent) {
  const auto engine = fake("deaf", 1s);
  ASSERT_TRUE(engine.has_value());
  const auto result = (*engine)->tokenize(std::string(8 << 20, 'x'), {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().what, HasSubstr("silent for 1 s"));
  EXPECT_EQ(result.error().where, "engine fake, tokenise");
}

TEST(ProcessEngine, StopEndsTheWaitAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  {
    std::stop_source source;
    const auto engine = fake("mid-hang", 300s, source.get_token());
    ASSERT_TRUE(engine.has_value());
    std::jthread stopper([&] {
      std::this_thread::sleep_for(100ms);
      source.request_stop();
    });
    const auto result = (*engine)->evaluate({.ids = kIds}, go_on);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ExitCode::interrupted);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
  EXPECT_TRUE(no_child_left());
}

TEST(ProcessEngine, ItsChildrenEndWithIt) {
  pid_t grandchild = 0;
  {
    const auto engine = fake("family");
    ASSERT_TRUE(engine.has_value());
    grandchild = std::stoi((*engine)->info().identity.version);
    ASSERT_GT(grandchild, 1);
    EXPECT_EQ(::kill(grandchild, 0), 0);
  }
  // init, or whoever adopts it, reaps it in its own time: dead or a zombie is what counts.
  const std::string stat = "/proc/" + std::to_string(grandchild) + "/stat";
  for (int i = 0; i < 400; ++i) {
    std::FILE* file = std::fopen(stat.c_str(), "r");
    char state = 'X';
    if (file != nullptr) {
      if (std::fscanf(file, "%*d %*s %c", &state) != 1) state = 'X';
      std::fclose(file);
    }
    if (state == 'Z' || state == 'X') return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "process " << grandchild << " still runs";
}

TEST(ProcessEngine, MissingProgram) {
  const auto engine = make_llama_engine({.worker_path = "/no/such/worker"});
  ASSERT_FALSE(engine.has_value());
  EXPECT_EQ(engine.error().code, ExitCode::engine_failed);
  EXPECT_THAT(engine.error().where, HasSubstr("engine llama.cpp, /no/such/worker"));
  EXPECT_TRUE(no_child_left());
}

}  // namespace
}  // namespace crossval
