#include "native/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "native/feature_faults.h"
#include "tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;

/// Every node's values in graph order.
std::vector<std::pair<std::string, std::vector<float>>> nodes_of(Engine& engine) {
  std::vector<std::pair<std::string, std::vector<float>>> nodes;
  const auto ok = engine.trace({.ids = tiny_ids()}, [&](const TraceTensor& t) {
    nodes.emplace_back(t.name + " " + t.op, std::vector<float>(t.data.begin(), t.data.end()));
    return true;
  });
  EXPECT_TRUE(ok.has_value()) << ok.error().message();
  return nodes;
}

/// The first node whose bits differ; empty when none does.
std::string first_changed_node(const std::vector<std::string>& planted) {
  const auto clean = nodes_of(*make_tiny({}));
  const auto faulty = nodes_of(*make_tiny({.faults = planted}));
  EXPECT_EQ(clean.size(), faulty.size());
  for (size_t i = 0; i < clean.size(); ++i) {
    EXPECT_EQ(clean[i].first, faulty[i].first);
    if (first_difference(clean[i].second, faulty[i].second) != -1) return clean[i].first;
  }
  return {};
}

// The tiny model has two layers, so its middle layer is layer 1.
const std::map<std::string, std::string> kFirstNode = {{"rope-pairing", "Qcur-0 ROPE"},
                                                       {"rope-base", "Qcur-0 ROPE"},
                                                       {"position", "Qcur-0 ROPE"},
                                                       {"eps", "norm-0 RMS_NORM"},
                                                       {"missing-norm-weight", "attn_norm-0 MUL"},
                                                       {"gqa-map", "kq-0 MUL_MAT"},
                                                       {"mask", "kq-0 MUL_MAT"},
                                                       {"block-scale", "ffn_gate-1 MUL_MAT"},
                                                       {"weight-bit", "ffn_gate-1 MUL_MAT"},
                                                       {"nan", "l_out-1 ADD"},
                                                       {"wrong-head", "result_output MUL_MAT"}};

// What only some architectures have: architectures_test.cc, tests/e2e/test_feature_faults.py.
bool of_other_models(std::string_view name) {
  return std::ranges::any_of(feature_faults(), [&](const Fault& f) { return f.name == name; });
}

TEST(NativeFaults, EachChangesBitsFirstWhereItWasPlanted) {
  int planted = 0;
  for (const Fault& fault : faults()) {
    if (fault.name == "missing-bos") continue;  // acts on tokenising, tested with a vocabulary
    if (of_other_models(fault.name)) continue;
    ASSERT_TRUE(kFirstNode.contains(std::string(fault.name))) << fault.name;
    EXPECT_EQ(first_changed_node({std::string(fault.name)}), kFirstNode.at(std::string(fault.name)))
        << fault.name;
    ++planted;
  }
  EXPECT_EQ(planted, static_cast<int>(kFirstNode.size()));
}

TEST(NativeFaults, NothingFiresWithoutOne) { EXPECT_EQ(first_changed_node({}), ""); }

TEST(NativeFaults, AnUnknownNameListsThoseThereAre) {
  const auto engine =
      make_native_engine({.model_path = data_path("tiny-q8_0.gguf"), .faults = {"luck"}});
  ASSERT_FALSE(engine.has_value());
  EXPECT_EQ(engine.error().code, ExitCode::usage);
  EXPECT_THAT(engine.error().hint, testing::HasSubstr("rope-pairing"));
}

}  // namespace
}  // namespace crossval
