// Tiny models of several architectures: a healthy engine is acquitted, and every mistake of the
// table that can be planted in it is found, on the right side and by its name.
#include "explain/explain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "base/temp_folder.h"
#include "graph/mistakes.h"
#include "native/tiny_model.h"
#include "oracle/engine.h"
#include "support/bent_engine.h"

namespace crossval {
namespace {

using namespace testing_support;
using testing::HasSubstr;

const char* const kModels[] = {"tiny-q8_0.gguf",    "tiny-f16.gguf",     "arch-bitnet.gguf",
                               "arch-bloom.gguf",   "arch-deci.gguf",    "arch-gemma3.gguf",
                               "arch-gpt-oss.gguf", "arch-gptneox.gguf", "arch-qwen2moe.gguf"};

std::unique_ptr<Engine> native(const std::string& model, const std::string& fault = {},
                               KvType kv = KvType::f16) {
  NativeOptions options;
  options.model_path = data_path(model);
  options.n_ctx = 256;
  options.kv = kv;
  for (size_t at = 0; at < fault.size();) {
    const size_t end = std::min(fault.find('+', at), fault.size());
    options.faults.push_back(fault.substr(at, end - at));
    at = end + 1;
  }
  auto engine = make_native_engine(options);
  return engine ? std::move(*engine) : nullptr;  // null where the model lacks what it bends
}

Explanation run(const std::string& model, Engine& candidate, Engine& reference) {
  ExplainPlan plan;
  plan.model_path = data_path(model);
  plan.n_ctx = 256;
  plan.ids = tiny_ids();
  plan.phase = [](const std::string&) {};
  auto found = explain(plan, candidate, reference, {});
  EXPECT_TRUE(found.has_value()) << found.error().message();
  return found.value_or(Explanation{});
}

class Explain : public testing::TestWithParam<const char*> {};

TEST_P(Explain, AcquitsEnginesThatRoundDifferently) {
  const std::string model = GetParam();
  const auto half = native(model);
  const auto full = native(model, {}, KvType::f32);
  const Explanation found = run(model, *half, *full);
  EXPECT_EQ(found.blame, Blame::neither) << found.why_unknown;
  EXPECT_FALSE(found.identical);
  for (const JudgedEngine* engine : {&found.candidate, &found.reference}) {
    EXPECT_EQ(engine->beyond, 0);
    EXPECT_GT(engine->worst_healthy, 0);
    EXPECT_GE(engine->judged * 2, std::ssize(engine->operations));
  }
}

/// What the table's mistakes look like from one operation's inputs is another thing: the norm that
/// was moved is one that is missing here and one too many there.
const std::set<std::string_view> kOfSeveralOperations = {"norm-place"};

TEST_P(Explain, NamesTheMistakeTheEngineAndTheOperation) {
  const std::string model = GetParam();
  const auto healthy = native(model);
  int planted = 0;
  int named = 0;
  std::string missed;
  for (const Mistake& mistake : mistakes()) {
    // What rounds otherwise is wrong beside layers that do not.
    const auto faulty = native(model, std::string(mistake.name) + (mistake.rounds ? "@1" : ""));
    if (faulty == nullptr) continue;
    ++planted;
    // On either side: nobody is believed for being the reference.
    const bool as_candidate = planted % 2 == 0;
    const Explanation found =
        as_candidate ? run(model, *faulty, *healthy) : run(model, *healthy, *faulty);
    const JudgedEngine& guilty = as_candidate ? found.candidate : found.reference;
    const JudgedEngine& other = as_candidate ? found.reference : found.candidate;
    EXPECT_EQ(other.beyond, 0) << mistake.name;
    if (found.identical) continue;  // without effect on this model and these ids
    if (guilty.beyond == 0) {
      missed += fmt::format(" {}(not seen)", mistake.name);
      continue;
    }
    const bool right = std::ranges::any_of(
        found.causes, [&](const FoundCause& cause) { return cause.mistake == mistake.name; });
    if (!right && !kOfSeveralOperations.contains(mistake.name))
      missed +=
          fmt::format(" {}(at {} {})", mistake.name, guilty.operations[*guilty.first_beyond].tensor,
                      found.causes.empty() ? "unnamed" : found.causes.front().mistake);
    named += right;
  }
  EXPECT_GT(planted, 20);
  EXPECT_EQ(missed, "") << named << " of " << planted;
}

// It computes on with doubles, and shows floats: what is lost on the way is nobody's mistake.
TEST_P(Explain, AcquitsTheOracle) {
  const std::string model = GetParam();
  const auto healthy = native(model);
  for (const Rounding& rounding : {Rounding{}, kDeclared}) {
    const auto oracle =
        make_oracle_engine({.model_path = data_path(model), .rounding = rounding, .n_ctx = 256});
    const Explanation found = run(model, **oracle, *healthy);
    EXPECT_EQ(found.blame, Blame::neither)
        << found.why_unknown
        << (found.candidate.first_beyond
                ? found.candidate.operations[*found.candidate.first_beyond].tensor
                : "");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Explain, testing::ValuesIn(kModels), [](const auto& each) {
  std::string name = each.param;
  std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return name;
});

/// An engine that keeps something to itself; without `shows` everything.
class Withholding : public BentEngine {
 public:
  using Shows = std::function<bool(const TraceTensor& tensor)>;

  Withholding(std::unique_ptr<Engine> engine, Shows shows)
      : BentEngine(std::move(engine)), shows_(std::move(shows)) {
    own_info().capabilities.trace = static_cast<bool>(shows_);
  }

 private:
  bool shows(const TraceTensor& tensor) const override { return shows_(tensor); }

  Shows shows_;
};

std::unique_ptr<Engine> in_chunks(const std::string& model, int64_t n_batch,
                                  const std::vector<std::string>& faults = {}) {
  NativeOptions options;
  options.faults = faults;
  options.model_path = data_path(model);
  options.n_ctx = 256;
  options.n_batch = n_batch;
  return *make_native_engine(options);
}

// Healthy in chunks too; and one that begins to show its values in the second chunk is judged by
// what it shows: attention over keys that were never seen is not.
TEST(ExplainEngines, AreJudgedByWhatTheyShow) {
  const std::string model = "arch-qwen2moe.gguf";
  const auto whole = native(model);
  const auto chunks = in_chunks(model, 7);
  const Explanation sound = run(model, *chunks, *whole);
  EXPECT_EQ(sound.blame, Blame::neither);
  Withholding late(in_chunks(model, 7), [](const TraceTensor& tensor) {
    return tensor.positions == 1 || tensor.first_position > 0;  // all of what it is learnt from
  });
  const Explanation found = run(model, late, *whole);
  EXPECT_EQ(found.candidate.beyond, 0);
  EXPECT_LT(found.candidate.judged, sound.candidate.judged);
}

/// An engine whose ranking of experts holds what is no expert.
class Ranking : public ForwardingEngine {
 public:
  Ranking(std::unique_ptr<Engine> engine, float expert)
      : ForwardingEngine(std::move(engine)), expert_(expert) {}

 private:
  Result<Outcome> compute_tensors(const TraceRequest& request, const TensorSink& sink) override {
    return inner().trace(request, [&](TraceTensor tensor) {
      if (!std::string_view(tensor.name).starts_with("ffn_moe_argsort")) return sink(tensor);
      const std::vector<float> other(tensor.data.size(), expert_);
      tensor.data = other;
      return sink(tensor);
    });
  }

  float expert_;
};

TEST(ExplainEngines, MayRankWhatIsNoExpert) {
  const std::string model = "arch-qwen2moe.gguf";
  const auto healthy = native(model);
  const Explanation sound = run(model, *native(model), *healthy);
  EXPECT_FALSE(sound.candidate.routing.empty());
  for (const float expert : {NAN, INFINITY, -1.0F, 1e30F, 1e6F}) {
    Ranking odd(native(model), expert);
    const Explanation found = run(model, odd, *healthy);
    EXPECT_TRUE(found.candidate.routing.empty()) << expert;
    EXPECT_EQ(found.candidate.beyond, 0) << expert;
  }
}

// A mistake has to explain every chunk, and is told once.
TEST(ExplainEngines, AreExplainedOnceForAllChunks) {
  const std::string model = "tiny-f16.gguf";
  const auto healthy = native(model);
  const auto whole = native(model, "rope-pairing");
  const auto chunks = in_chunks(model, 7, {"rope-pairing"});
  const Explanation at_once = run(model, *whole, *healthy);
  const Explanation found = run(model, *chunks, *healthy);
  EXPECT_EQ(found.mistakes_tried, at_once.mistakes_tried);
  ASSERT_EQ(found.causes.size(), 1);
  EXPECT_EQ(found.causes[0].mistake, "rope-pairing");
}

// Only where there are several chunks; and the keys that later chunks read are the same ones.
TEST(ExplainEngines, AreToldWhatTheyDoAtTheBordersOfChunks) {
  for (const std::string model : {"tiny-f16.gguf", "arch-gemma3.gguf"}) {
    const auto healthy = native(model);
    for (const char* mistake : {"chunk-mask", "chunk-index", "chunk-mask@1", "chunk-index@1"}) {
      const Explanation found = run(model, *in_chunks(model, 7, {mistake}), *healthy);
      EXPECT_EQ(found.blame, Blame::candidate) << model << mistake;
      ASSERT_EQ(found.causes.size(), 1) << model << mistake;
      EXPECT_TRUE(std::string_view(mistake).starts_with(found.causes[0].mistake)) << mistake;
      const Explanation none = run(model, *in_chunks(model, 100, {mistake}), *healthy);
      EXPECT_TRUE(none.identical);
      EXPECT_EQ(none.blame, Blame::neither);
    }
  }
}

// In one layer it is a mistake; in all of them an arithmetic, which is found and told.
TEST(ExplainEngines, ThatRoundTheSameEverywhereAreNotWrong) {
  const std::string model = "tiny-q8_0.gguf";
  const auto healthy = native(model);
  for (const char* mistake : {"kv-floats", "activation-floats"}) {
    const Explanation all = run(model, *native(model, mistake), *healthy);
    EXPECT_EQ(all.blame, Blame::neither) << mistake;
    EXPECT_FALSE(all.identical);
    const bool told = std::ranges::any_of(all.candidate.arithmetic, [](const auto& fit) {
      return fit.as == "floats throughout" || fit.as == "activations as floats";
    });
    EXPECT_TRUE(told) << mistake;
  }
  const auto full = native(model, {}, KvType::f32);
  const auto half = native(model, "kv-f16", KvType::f32);
  const Explanation all = run(model, *half, *full);
  EXPECT_EQ(all.blame, Blame::neither);
  EXPECT_TRUE(std::ranges::any_of(all.candidate.arithmetic, [](const auto& fit) {
    return fit.as == "keys and values in F16";
  }));
}

// What lies outside the layers is neither asked for nor accused; the arithmetic is the same.
TEST(ExplainEngines, AreJudgedInTheLayersAskedFor) {
  const std::string model = "tiny-q8_0.gguf";
  const auto healthy = native(model);
  const auto faulty = native(model, "gate-order@1");
  ExplainPlan plan;
  plan.model_path = data_path(model);
  plan.n_ctx = 256;
  plan.ids = tiny_ids();
  plan.phase = [](const std::string&) {};
  const auto in_layers = [&](Range layers) {
    plan.layers = layers;
    auto found = explain(plan, *faulty, *healthy, {});
    EXPECT_TRUE(found.has_value()) << found.error().message();
    return *std::move(found);
  };
  const Explanation all = in_layers({});
  const Explanation here = in_layers({1, 2});
  const Explanation there = in_layers({0, 1});
  EXPECT_EQ(here.blame, Blame::candidate);
  EXPECT_EQ(there.blame, Blame::neither);
  EXPECT_LT(here.candidate.asked, all.candidate.asked);
  EXPECT_GE(here.candidate.judged, here.candidate.asked - 1);  // the embedding alone has no input
  EXPECT_EQ(here.candidate.operations[*here.candidate.first_beyond].tensor,
            all.candidate.operations[*all.candidate.first_beyond].tensor);
  for (const JudgedOperation& operation : here.candidate.operations)
    EXPECT_TRUE(!operation.judged || operation.layer == 1 || operation.layer == -1);
}

// A mistake in RoPE cannot show on one token, which has no angle; one in a product can.
TEST(ExplainEngines, AreReproducedOnTheShortestPrompt) {
  const std::string model = "tiny-f16.gguf";
  const auto folder = TempFolder::make();
  const auto healthy = native(model);
  ExplainPlan plan;
  plan.model_path = data_path(model);
  plan.n_ctx = 256;
  plan.ids = tiny_ids();
  plan.phase = [](const std::string&) {};
  plan.repro_folder = plan.trace_folder = folder->path();
  for (const auto& [mistake, tokens] :
       {std::pair{"rope-base@1", 2}, std::pair{"rows-swapped@1", 1}}) {
    const auto faulty = native(model, mistake);
    const auto found = explain(plan, *faulty, *healthy, {});
    ASSERT_TRUE(found.has_value()) << found.error().message();
    ASSERT_TRUE(found->reproduction.has_value());
    EXPECT_EQ(std::ssize(found->reproduction->tokens), tokens) << mistake;
    EXPECT_GT(found->reproduction->error.units, found->limit);
    const Explanation again = [&] {
      ExplainPlan shorter = plan;
      shorter.ids = found->reproduction->tokens;
      shorter.repro_folder = shorter.trace_folder = {};
      return *explain(shorter, *faulty, *healthy, {});
    }();
    EXPECT_EQ(again.blame, Blame::candidate) << mistake;
    for (const char* name : {"operation", "candidate", "reference"})
      EXPECT_TRUE(std::filesystem::exists(folder->path() + "/" + name + ".safetensors")) << name;
  }
  // Nothing is off: there is nothing to reproduce.
  const auto fine = explain(plan, *native(model, {}, KvType::f32), *healthy, {});
  EXPECT_FALSE(fine->reproduction.has_value());
}

// Without the choice's weights nothing that goes through experts can be followed.
TEST(ExplainEngines, ThatShowLittleCannotBeAcquitted) {
  const std::string model = "arch-qwen2moe.gguf";
  const auto whole = native(model);
  Withholding little(native(model), [](const TraceTensor& tensor) {
    return tensor.op == "ROPE" || tensor.name.starts_with("ffn_moe_gate");
  });
  const Explanation found = run(model, little, *whole);
  EXPECT_EQ(found.candidate.beyond, 0);
  EXPECT_EQ(found.blame, Blame::unknown);
  EXPECT_THAT(found.why_unknown, HasSubstr("shows too little"));
}

TEST(ExplainEngines, WithoutATraceAreRefused) {
  Withholding silent(native("tiny-q8_0.gguf"), {});
  const auto other = native("tiny-q8_0.gguf");
  ExplainPlan plan;
  plan.model_path = data_path("tiny-q8_0.gguf");
  plan.n_ctx = 256;
  plan.ids = tiny_ids();
  plan.phase = [](const std::string&) {};
  const auto found = explain(plan, silent, *other, {});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ExitCode::usage);
  EXPECT_THAT(found.error().message(), HasSubstr("tensors"));
}

Result<std::unique_ptr<Computation>> canonical(const Graph& graph, const Hparams& hparams,
                                               bool half) {
  return make_native_computation(graph, hparams, half ? KvType::f16 : KvType::f32, 256, 1);
}

/// With an engine that shows no tensors as the candidate.
Explanation run_closed(const std::string& model, std::unique_ptr<Engine> engine,
                       size_t tokens = 1000) {
  Withholding closed(std::move(engine), {});
  const auto healthy = native(model);
  ExplainPlan plan;
  plan.model_path = data_path(model);
  plan.n_ctx = 256;
  plan.ids = tiny_ids();
  plan.ids.resize(std::min(plan.ids.size(), tokens));
  plan.phase = [](const std::string&) {};
  plan.canonical = canonical;
  auto found = explain(plan, closed, *healthy, {});
  EXPECT_TRUE(found.has_value()) << found.error().message();
  return found.value_or(Explanation{});
}

TEST(ClosedEngines, AreAcquittedByTheirLogits) {
  for (const KvType kv : {KvType::f16, KvType::f32}) {
    const Explanation found = run_closed("tiny-q8_0.gguf", native("tiny-q8_0.gguf", {}, kv));
    EXPECT_EQ(found.blame, Blame::neither) << found.why_unknown;
    ASSERT_TRUE(found.candidate.by_logits.has_value());
    ASSERT_EQ(found.candidate.by_logits->sound.size(), 2U);
    EXPECT_EQ(found.candidate.by_logits->sound[0].identical,
              found.candidate.by_logits->sound[0].prompts);
  }
}

// One token cannot show what attention does: nobody is acquitted by it.
TEST(ClosedEngines, AreNotAcquittedByOneToken) {
  const Explanation found = run_closed("tiny-q8_0.gguf", native("tiny-q8_0.gguf"), 1);
  EXPECT_EQ(found.blame, Blame::unknown);
  EXPECT_THAT(found.why_unknown, HasSubstr("one token"));
}

// In the reference's arithmetic and in another one; of what one token shows, and of RoPE.
TEST(ClosedEngines, AreGivenTheMistakeThatMakesTheirLogits) {
  const std::string model = "tiny-f16.gguf";
  for (const char* mistake :
       {"activation", "gate-order", "norm-plus-one", "rope-base", "gqa-map"}) {
    const Explanation found = run_closed(model, native(model, mistake));
    EXPECT_EQ(found.blame, Blame::candidate) << mistake << found.why_unknown;
    ASSERT_FALSE(found.causes.empty()) << mistake;
    EXPECT_EQ(found.causes.front().mistake, mistake);
    EXPECT_LT(found.causes.front().units, 0);
  }
  OracleOptions options{.model_path = data_path(model), .rounding = {}, .n_ctx = 256};
  options.faults = {"activation"};
  const Explanation found = run_closed(model, *make_oracle_engine(options));
  ASSERT_FALSE(found.causes.empty());
  EXPECT_EQ(found.causes.front().mistake, "activation");
  EXPECT_EQ(found.candidate.by_logits->causes.front().arithmetic, "arithmetic without rounding");
}

// Something is off, and it is no mistake that we know: nobody is accused of one.
TEST(ClosedEngines, WithAnUnknownMistakeAreNotTold) {
  const std::string model = "tiny-q8_0.gguf";
  const Explanation found = run_closed(model, native(model, "gate-order@0+rope-base@1+eps@0"));
  EXPECT_EQ(found.blame, Blame::unknown);
  EXPECT_THAT(found.why_unknown, HasSubstr("under no known mistake"));
}

}  // namespace
}  // namespace crossval
