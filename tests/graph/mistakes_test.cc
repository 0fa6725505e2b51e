// The table of mistakes itself. That each bends what it says is held against its values in
// tests/native/mistakes_test.cc.
#include "graph/mistakes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "graph/edit.h"
#include "graph/faults.h"
#include "graph/tiny_graph.h"
#include "support/approved.h"

namespace crossval {
namespace {

class Mistakes : public testing_support::TinyGraph {
 protected:
  bool make(std::string_view name, const Scope& scope = {}) {
    return find_mistake(name)->edit(graph_, scope);
  }
  template <class T>
  const T& action(Role role, int64_t layer) const {
    return std::get<T>(graph_.ops[first_of(graph_, role, layer)].action);
  }
};

TEST_F(Mistakes, TheDocsListThem) {
  std::string page =
      "# Mistakes\n\n"
      "Engines and converters make the same mistakes again and again. Each of these can be planted "
      "in "
      "the native engine, to see\nwhat it does to a model and whether a comparison catches it: "
      "`--candidate native:fault=NAME`; `NAME@LAYER` makes it in one\nlayer alone, `a+b` makes "
      "two. "
      "Nothing is planted in a model that lacks what a mistake bends: the run ends with exit "
      "64.\n\n"
      "`missing-bos` is none of the computation's: text is tokenised without the BOS that the "
      "model "
      "asks for.\n\n"
      "| fault | what the engine does | in a model with |\n|---|---|---|\n";
  for (const Mistake& m : mistakes())
    page += fmt::format("| `{}` | {} | {} |\n", m.name, m.what, m.needs);
  testing::expect_approved("../../docs/mistakes.md", page);
}

TEST_F(Mistakes, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names{kMissingBos};
  for (const Mistake& m : mistakes()) {
    EXPECT_TRUE(names.insert(m.name).second) << m.name;
    EXPECT_EQ(find_mistake(m.name), &m);
  }
  EXPECT_EQ(find_mistake("luck"), nullptr);
}

TEST_F(Mistakes, KeepToALayer) {
  EXPECT_TRUE(make("eps", {.layer = 1}));
  EXPECT_EQ(action<Normalise>(Role::attn_norm, 0).eps, model_->hparams.norm_eps);
  EXPECT_EQ(action<Normalise>(Role::attn_norm, 1).eps, model_->hparams.norm_eps * 0.1F);
  EXPECT_EQ(action<Normalise>(Role::output_norm, -1).eps, model_->hparams.norm_eps);
}

TEST_F(Mistakes, KeepToARole) {
  EXPECT_TRUE(make("rope-base", {.role = Role::k_rope}));
  EXPECT_EQ(action<Rotate>(Role::q_rope, 0).rope.base, model_->hparams.rope.base);
  EXPECT_EQ(action<Rotate>(Role::k_rope, 0).rope.base, model_->hparams.rope.base * 0.5F);
  const std::byte* k = action<MatMul>(Role::k, 1).matrix.data;
  EXPECT_TRUE(make("weight-bit", {.role = Role::k}));  // of the middle layer
  EXPECT_NE(action<MatMul>(Role::k, 1).matrix.data, k);
}

TEST_F(Mistakes, LeaveAGraphAloneThatHasNothingToBend) {
  const Graph before = graph_;
  EXPECT_FALSE(make("qk-norm"));
  EXPECT_FALSE(make("eps", {.layer = 7}));
  EXPECT_FALSE(make("minimum-dropped"));
  EXPECT_FALSE(make("block-order"));
  EXPECT_EQ(graph_.ops.size(), before.ops.size());
  EXPECT_TRUE(graph_.owned.empty());
}

TEST_F(Mistakes, OwnTheWeightsThatTheyChange) {
  const Matrix clean = action<MatMul>(Role::ffn_gate, 1).matrix;
  const std::vector<std::byte> bytes(clean.data, clean.row(clean.rows));
  Graph copy = graph_;
  EXPECT_TRUE(make("rows-swapped"));
  EXPECT_EQ(std::get<MatMul>(copy.ops[first_of(copy, Role::ffn_gate, 1)].action).matrix.data,
            clean.data);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), clean.data));
  copy = graph_;
  graph_ = {};
  const Matrix& bent = std::get<MatMul>(copy.ops[first_of(copy, Role::ffn_gate, 1)].action).matrix;
  EXPECT_TRUE(std::equal(bent.row(bent.rows / 2), bent.row(bent.rows / 2 + 1),
                         clean.row(clean.rows / 2 - 1)));
}

// Every value that is read was written before, and the logits are.
TEST_F(Mistakes, LeaveAWholeGraph) {
  for (const Mistake& m : mistakes()) {
    Graph graph = build_decoder(*model_, 256);
    m.edit(graph, {});
    std::set<ValueId> written;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      for (const ValueId input : graph.ops[i].inputs)
        EXPECT_TRUE(written.contains(input)) << m.name;
      EXPECT_TRUE(written.insert(graph.ops[i].output).second) << m.name;
      EXPECT_EQ(i >= graph.head, graph.ops[i].role == Role::logits) << m.name << " " << i;
    }
    EXPECT_TRUE(written.contains(graph.logits)) << m.name;
  }
}

TEST_F(Mistakes, ArePlantedByName) {
  EXPECT_TRUE(plant_fault("missing-bos", graph_).has_value());
  EXPECT_TRUE(plant_fault("attn-residual@0", graph_).has_value());
  EXPECT_EQ(first_of(graph_, Role::attn_residual, 0), graph_.ops.size());
  EXPECT_LT(first_of(graph_, Role::attn_residual, 1), graph_.ops.size());
}

TEST_F(Mistakes, ThatCannotBePlantedAreRefused) {
  const auto what = [&](std::string_view fault) {
    const auto planted = plant_fault(fault, graph_);
    EXPECT_FALSE(planted.has_value()) << fault;
    return planted ? "" : planted.error().what;
  };
  EXPECT_EQ(what("luck"), "no fault is called \"luck\"");
  EXPECT_EQ(what("eps@2"), "fault eps: \"2\" is no layer from 0 to 1");
  EXPECT_EQ(what("eps@"), "fault eps: \"\" is no layer from 0 to 1");
  EXPECT_EQ(what("eps@1x"), "fault eps: \"1x\" is no layer from 0 to 1");
  EXPECT_EQ(what("sink"), "fault sink needs a model with attention sinks");
  EXPECT_EQ(what("sink@1"), "fault sink needs a model with attention sinks in layer 1");
}

}  // namespace
}  // namespace crossval
