// What each value of the tiny llama model is computed from, by the model's structure. That the
// names are llama.cpp's is held against llama.cpp itself (tests/e2e, --first-diff on every
// architecture).
#include "graph/upstream_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/tiny_graph.h"

namespace crossval {
namespace {

using testing::ElementsAre;

class UpstreamNames : public testing_support::TinyGraph {
 protected:
  void SetUp() override {
    TinyGraph::SetUp();
    names_ = upstream_names(graph_, *model_);
  }

  NodeName find(const std::string& name, const std::string& op, int32_t occurrence = 0) const {
    for (const OpNames& names : names_) {
      for (const NodeName* node : {&names.scores, &names.probabilities, &names.result})
        if (node->name == name && node->op == op && node->occurrence == occurrence) return *node;
    }
    ADD_FAILURE() << "no " << name << " " << op;
    return {};
  }

  std::vector<OpNames> names_;
};

TEST_F(UpstreamNames, KeysComeFromTheNormNotFromTheNodeBefore) {
  const NodeName k = find("Kcur-0", "MUL_MAT");
  EXPECT_THAT(k.inputs, ElementsAre("attn_norm-0 MUL"));
  EXPECT_EQ(k.weight, "blk.0.attn_k.weight");
  EXPECT_EQ(k.layer, 0);
}

TEST_F(UpstreamNames, AttentionIsReadFromTheInsideOut) {
  EXPECT_THAT(find("kq-1", "MUL_MAT").inputs, ElementsAre("Kcur-1 ROPE", "Qcur-1 ROPE"));
  EXPECT_THAT(find("kq_soft_max-1", "SOFT_MAX").inputs, ElementsAre("kq-1 MUL_MAT"));
  EXPECT_THAT(find("kqv_out-1", "CONT").inputs,
              ElementsAre("Vcur-1 MUL_MAT", "kq_soft_max-1 SOFT_MAX"));
}

TEST_F(UpstreamNames, RepeatedNamesAreCounted) {
  const NodeName second = find("norm-0", "RMS_NORM", 1);
  EXPECT_THAT(second.inputs, ElementsAre("ffn_inp-0 ADD"));
  EXPECT_THAT(find("ffn_norm-0", "MUL").inputs, ElementsAre("norm-0 RMS_NORM #2"));
  EXPECT_EQ(find("ffn_norm-0", "MUL").weight, "blk.0.ffn_norm.weight");
}

TEST_F(UpstreamNames, AValueWithoutANameIsKnownByItsInputs) {
  // llama.cpp does not name the output projection of every architecture; its readers name a value
  // all the same.
  EXPECT_EQ(find("ffn_inp-0", "ADD").inputs.size(), 2U);
  for (const OpNames& names : names_)
    for (const std::string& input : names.result.inputs) EXPECT_FALSE(input.empty());
}

}  // namespace
}  // namespace crossval
