// The causal proof: canonical arithmetic that goes on from an engine's values.
#include "explain/proof.h"

#include <gtest/gtest.h>

#include <optional>

#include "graph/decoder.h"
#include "graph/edit.h"
#include "graph/mistakes.h"
#include "local/engine.h"
#include "native/engine.h"
#include "native/tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;

Result<std::unique_ptr<Computation>> canonical(const Graph& graph, const Hparams& hparams,
                                               bool half) {
  return make_native_computation(graph, hparams, half ? KvType::f16 : KvType::f32, 256, 1);
}

class Proof : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto loaded = load_local({.model_path = data_path(GetParam()), .n_ctx = 256}, "native");
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    loaded_.emplace(*std::move(loaded));
  }

  const Graph& graph() const { return *loaded_->graph; }
  const Hparams& hparams() const { return loaded_->model->hparams; }

  /// The last logits, and on the way the values of the operations named in `values`.
  std::vector<float> logits_of(const Graph& graph, EngineValues& values) const {
    const auto computation = *canonical(graph, hparams(), true);
    std::vector<float> last;
    const auto ids = tiny_ids();
    const Observer keep = [&](const Observation& seen) {
      const auto to = values.find(seen.op);
      if (to != values.end() && seen.part == Observation::Part::result)
        to->second.assign(seen.data, seen.data + std::ssize(ids) * seen.width);
      return true;
    };
    computation->chunk(ids, 0, std::ssize(ids) - 1,
                       [&](int64_t, std::span<const float> row) {
                         last.assign(row.begin(), row.end());
                         return true;
                       },
                       keep, {});
    return last;
  }

  std::optional<LocalModel> loaded_;
};

// Going on from what it would compute anyhow changes no bit, whatever the operation.
TEST_P(Proof, AnOwnValueGivenBackChangesNothing) {
  EngineValues all;
  for (size_t op = 0; op < graph().head; ++op) all.try_emplace(op);
  const auto sound = logits_of(graph(), all);
  for (const auto& [op, rows] : all) {
    EngineValues none;
    const Graph given = with_values(graph(), {{op, rows}}, std::ssize(tiny_ids()));
    ASSERT_EQ(logits_of(given, none), sound) << "operation " << op;
  }
}

// Values that are not there for every position are computed.
TEST_P(Proof, PartOfAValueIsNotGiven) {
  EngineValues one{{0, {}}};
  logits_of(graph(), one);
  one[0].resize(one[0].size() / 2);
  const Graph given = with_values(graph(), one, std::ssize(tiny_ids()));
  EXPECT_EQ(given.ops[0].action.index(), graph().ops[0].action.index());
}

TEST_P(Proof, TellsTheShareOfWhatIsOffAndTheMistakeFromOthers) {
  Graph bent = graph();
  const size_t op = first_of(graph(), Role::ffn_out, 0);
  ASSERT_LT(op, graph().head);
  append(bent, op, Scale{.by = 1.25F});
  EngineValues none;
  const auto other = logits_of(graph(), none);
  const auto guilty = logits_of(bent, none);
  ASSERT_NE(guilty, other);
  EngineValues right{{op, {}}};
  logits_of(graph(), right);
  Suspect suspect{.op = op, .values = right, .guilty = guilty, .other = other};
  for (float& value : suspect.values[op]) value *= 1.25F;
  auto proof = prove(graph(), hparams(), canonical, true, tiny_ids(), suspect,
                     {{"ffn-residual", "", 0}}, {});
  ASSERT_TRUE(proof.has_value()) << proof.error().message();
  ASSERT_TRUE(proof->share.has_value());
  EXPECT_NEAR(*proof->share, 1, 1e-3);
  EXPECT_GT(proof->distance, 0);
  EXPECT_FALSE(proof->identical_under_cause);
  // The right value is no part of the difference.
  suspect.values = right;
  proof = prove(graph(), hparams(), canonical, true, tiny_ids(), suspect, {}, {});
  ASSERT_TRUE(proof.has_value() && proof->share.has_value());
  EXPECT_EQ(*proof->share, 0);
  EXPECT_LT(proof->distance_under_cause, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, Proof, testing::Values("tiny-q8_0.gguf", "arch-gptneox.gguf"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::erase_if(name, [](char c) {
                             return std::isalnum(static_cast<unsigned char>(c)) == 0;
                           });
                           return name;
                         });

}  // namespace
}  // namespace crossval
