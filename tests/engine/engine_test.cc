#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace crossval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Rows and tensors of positions in any number; what reached it is kept.
class Recorder : public Engine {
 public:
  Recorder() {
    info_.identity.name = "recorder";
    info_.settings.n_vocab = 10;
    info_.settings.n_ctx = 8;
    info_.capabilities = {.tokenize = true, .all_logits = true, .decode = true, .trace = true};
  }

  const EngineInfo& info() const override { return info_; }
  Result<std::vector<TokenId>> tokenize(std::string_view, const TokenizeOptions&) override {
    return std::vector<TokenId>{};
  }
  Result<std::vector<std::string>> pieces(std::span<const TokenId>) override {
    return std::vector<std::string>{};
  }
  Result<bool> is_end_of_generation(TokenId) override { return false; }

  EngineInfo info_;
  int computed = 0;  // requests that reached it
  std::optional<Error> fails;
  std::vector<TraceTensor> tensors;  // handed out by each trace

 private:
  Result<Outcome> compute_rows(const EvaluateRequest& request, const RowSink& sink) override {
    ++computed;
    if (fails) return tl::unexpected(*fails);
    for (int32_t i = 0; i < std::ssize(request.ids); ++i) {
      if (!sink(request.first + i, std::vector<float>(10))) return Outcome::stopped;
    }
    return Outcome::complete;
  }
  Result<Outcome> compute_tensors(const TraceRequest&, const TensorSink& sink) override {
    ++computed;
    for (const TraceTensor& tensor : tensors) {
      if (!sink(tensor)) return Outcome::stopped;
    }
    return Outcome::complete;
  }
};

bool go_on(int32_t, const Row&) { return true; }
bool go_on_with(const TraceTensor&) { return true; }

const std::vector<TokenId> kIds = {1, 2, 3};
const std::vector<float> kValues = {0, 1, 10, 11, 20, 21};  // positions 0 to 2, two values of each

TraceTensor tensor(const std::string& name, const std::string& op, int32_t layer) {
  return {.name = name, .op = op, .layer = layer, .positions = 3, .width = 2, .data = kValues};
}

struct Refusal {
  const char* name;
  std::function<void(EngineInfo&)> bend;
  std::vector<TokenId> ids;
  int32_t first;
  ExitCode code;
  const char* what;
  bool of_trace_too = true;
};

TEST(Engine, RefusesWhatCannotBeBeforeItIsComputed) {
  const auto nothing = [](EngineInfo&) {};
  const std::vector<Refusal> refusals = {
      {"no ids", nothing, {}, 0, ExitCode::internal, "no ids"},
      {"below the vocabulary", nothing, {1, -1}, 0, ExitCode::usage, "token id -1 is not in [0, "},
      {"beyond it", nothing, {10}, 0, ExitCode::usage, "token id 10 is not in [0, 10)"},
      {"a gap", nothing, {1}, 2, ExitCode::internal, "at position 2 after 0 positions"},
      {"before the start", nothing, {1}, -1, ExitCode::internal, "at position -1"},
      {"too many", nothing, std::vector<TokenId>(9), 0, ExitCode::usage,
       "9 positions do not fit into a context of 8"},
      {"a vocabulary",
       [](auto& info) { info.settings.n_ctx = 0; },
       {1},
       0,
       ExitCode::usage,
       "only the vocabulary"},
      {"rows it has not",
       [](auto& info) { info.capabilities.all_logits = false; },
       {1, 2},
       0,
       ExitCode::usage,
       "no logits but those of the last",
       false},
  };
  for (const Refusal& refusal : refusals) {
    Recorder engine;
    refusal.bend(engine.info_);
    const auto rows = engine.evaluate({.ids = refusal.ids, .first = refusal.first}, go_on);
    ASSERT_FALSE(rows.has_value()) << refusal.name;
    EXPECT_EQ(rows.error().code, refusal.code) << refusal.name;
    EXPECT_THAT(rows.error().what, HasSubstr(refusal.what));
    EXPECT_THAT(rows.error().where, HasSubstr("engine recorder, evaluate, position "));
    const auto traced = engine.trace({.ids = refusal.ids, .first = refusal.first}, go_on_with);
    EXPECT_EQ(traced.has_value(), !refusal.of_trace_too) << refusal.name;
    if (refusal.of_trace_too) {
      EXPECT_THAT(traced.error().what, HasSubstr(refusal.what));
    }
    EXPECT_EQ(engine.computed, refusal.of_trace_too ? 0 : 1) << refusal.name;
  }
}

TEST(Engine, RefusesWhatItHasNoCapabilityFor) {
  Recorder engine;
  engine.info_.capabilities = {};
  EXPECT_EQ(engine.evaluate({.ids = kIds, .rows = Rows::last}, go_on), Outcome::complete);
  EXPECT_THAT(engine.evaluate({.ids = kIds, .first = 3, .rows = Rows::last}, go_on).error().what,
              HasSubstr("step by step"));
  EXPECT_THAT(engine.trace({.ids = kIds}, go_on_with).error().what, HasSubstr("tensors"));
}

TEST(Engine, StateIsHandedOutWhereItIsAskedFor) {
  Recorder engine;
  engine.tensors = {tensor("cache_k-0", "STATE", 0)};  // of positions before those asked about
  ASSERT_TRUE(engine.evaluate({.ids = kIds}, go_on));
  int seen = 0;
  const auto count = [&](const TraceTensor&) { return ++seen > 0; };
  EXPECT_EQ(engine.trace({.ids = kIds, .first = 3}, count), Outcome::complete);
  EXPECT_EQ(seen, 0);
  EXPECT_THAT(engine.trace({.ids = kIds, .selection = {.state = true}}, count).error().what,
              HasSubstr("KV cache"));
  engine.info_.capabilities.state = true;
  EXPECT_EQ(engine.trace({.ids = kIds, .selection = {.state = true}}, count), Outcome::complete);
  EXPECT_EQ(seen, 1);
}

TEST(Engine, GoesOnWhereItsLastRequestEnded) {
  Recorder engine;
  EXPECT_EQ(engine.evaluate({.ids = kIds}, go_on), Outcome::complete);
  EXPECT_EQ(engine.trace({.ids = kIds, .first = 3}, go_on_with), Outcome::complete);
  EXPECT_FALSE(engine.evaluate({.ids = kIds, .first = 3}, go_on).has_value());
  EXPECT_FALSE(engine.evaluate({.ids = kIds, .first = 6}, go_on).has_value());  // 9 positions
  EXPECT_EQ(engine.evaluate({.ids = std::vector<TokenId>{1, 2}, .first = 6}, go_on),
            Outcome::complete);
  EXPECT_EQ(engine.evaluate({.ids = kIds}, go_on), Outcome::complete);
}

TEST(Engine, StartsOverAfterAStopAndAfterAnError) {
  Recorder engine;
  const auto stop = [](int32_t position, const Row&) { return position < 2; };
  EXPECT_EQ(engine.evaluate({.ids = kIds}, stop), Outcome::stopped);
  EXPECT_FALSE(engine.evaluate({.ids = kIds, .first = 3}, go_on).has_value());
  EXPECT_EQ(engine.evaluate({.ids = kIds}, go_on), Outcome::complete);
  engine.fails = Error{ExitCode::engine_failed, "a fire", {}, {}};
  EXPECT_EQ(engine.evaluate({.ids = kIds, .first = 3}, go_on).error().what, "a fire");
  engine.fails.reset();
  EXPECT_FALSE(engine.evaluate({.ids = kIds, .first = 3}, go_on).has_value());
  EXPECT_EQ(engine.evaluate({.ids = kIds}, go_on), Outcome::complete);
}

TEST(Engine, HandsOutTheRowsAskedFor) {
  Recorder engine;
  std::vector<int32_t> positions;
  const auto keep = [&](int32_t position, const Row&) {
    positions.push_back(position);
    return true;
  };
  ASSERT_TRUE(engine.evaluate({.ids = kIds}, keep));
  ASSERT_TRUE(engine.evaluate({.ids = kIds, .first = 3, .rows = Rows::last}, keep));
  EXPECT_THAT(positions, ElementsAre(0, 1, 2, 5));
}

// "name[positions]: first value" of what a selection lets through.
std::vector<std::string> selected(const Selection& selection) {
  Recorder engine;
  engine.tensors = {tensor("embd", "GET_ROWS", -1), tensor("Qcur-0", "MUL_MAT", 0),
                    tensor("Qcur-0", "ROPE", 0), tensor("Qcur-1", "ROPE", 1)};
  std::vector<std::string> seen;
  const auto keep = [&](const TraceTensor& t) {
    EXPECT_EQ(t.data.size(), static_cast<size_t>(t.positions * t.width));
    seen.push_back(t.name + " " + t.op + " " + std::to_string(t.first_position) + "+" +
                   std::to_string(t.positions) + ": " +
                   std::to_string(static_cast<int>(t.data.front())));
    return true;
  };
  EXPECT_EQ(engine.trace({.ids = kIds, .selection = selection}, keep), Outcome::complete);
  return seen;
}

TEST(Engine, HandsOutTheTensorsAndPositionsSelected) {
  EXPECT_THAT(selected({}), ElementsAre("embd GET_ROWS 0+3: 0", "Qcur-0 MUL_MAT 0+3: 0",
                                        "Qcur-0 ROPE 0+3: 0", "Qcur-1 ROPE 0+3: 0"));
  EXPECT_THAT(selected({.names = {"Qcur-0", "embd"}}),
              ElementsAre("embd GET_ROWS 0+3: 0", "Qcur-0 MUL_MAT 0+3: 0", "Qcur-0 ROPE 0+3: 0"));
  EXPECT_THAT(selected({.ops = {"ROPE"}}), ElementsAre("Qcur-0 ROPE 0+3: 0", "Qcur-1 ROPE 0+3: 0"));
  EXPECT_THAT(selected({.layers = {0, 1}}),
              ElementsAre("Qcur-0 MUL_MAT 0+3: 0", "Qcur-0 ROPE 0+3: 0"));
  EXPECT_THAT(selected({.layers = {-1, 0}}), ElementsAre("embd GET_ROWS 0+3: 0"));
  EXPECT_THAT(selected({.names = {"Qcur-1"}, .positions = {1, 2}}),
              ElementsAre("Qcur-1 ROPE 1+1: 10"));
  EXPECT_THAT(selected({.names = {"Qcur-1"}, .positions = {2, 9}}),
              ElementsAre("Qcur-1 ROPE 2+1: 20"));
  EXPECT_THAT(selected({.positions = {3, 9}}), ElementsAre());
  EXPECT_THAT(selected({.names = {"Qcur"}}), ElementsAre());
}

TEST(Engine, ATensorThatIsNoTensorEndsTheTrace) {
  TraceTensor good = tensor("embd", "GET_ROWS", -1);
  std::vector<TraceTensor> bad(8, good);
  bad[0].positions = 0;
  bad[1].width = 3;
  bad[2].data = std::span(kValues).first(5);
  bad[3].heads = -1;
  bad[4].heads = 4;  // of a width of 2
  bad[5].first_position = -1;
  bad[6].first_position = 1;  // up to 3, the end
  bad[7].width = 0;
  for (const TraceTensor& tensor : bad) {
    Recorder engine;
    engine.tensors = {good, tensor};
    int seen = 0;
    const auto done = engine.trace({.ids = kIds}, [&](const TraceTensor&) { return ++seen > 0; });
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ExitCode::engine_failed);
    EXPECT_EQ(done.error().where, "engine recorder, trace, tensor embd GET_ROWS");
    EXPECT_EQ(seen, 1);
    EXPECT_FALSE(engine.evaluate({.ids = kIds, .first = 3}, go_on).has_value());
  }
}

}  // namespace
}  // namespace crossval
