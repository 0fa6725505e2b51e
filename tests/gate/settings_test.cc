#include "gate/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/info_fields.h"

namespace crossval {
namespace {

EngineInfo engine() {
  EngineInfo info;
  info.identity.isa = "avx2";
  info.identity.build = "g++ 12";
  info.identity.libm = "glibc 2.36";
  EngineSettings& s = info.settings;
  s.model_path = "no-such-directory/a.gguf";
  s.n_vocab = 100;
  s.n_ctx = 2048;
  s.n_ctx_train = 8192;
  s.n_batch = s.n_ubatch = 512;
  s.threads = 1;
  s.all_logits = true;
  s.kv_type_k = s.kv_type_v = "f16";
  s.flash_attention = "off";
  s.weight_layout = "as stored";
  s.rope = "base 10000 scale 1";
  s.norm_eps = 1e-5;
  s.context_class = "short";
  return info;
}

ModelFiles models(bool same) { return {same, "by their names", {}, {}, true, "other weights"}; }

// Where names say whether the files are the same.
std::vector<SettingDifference> compared(const EngineInfo& candidate, const EngineInfo& reference,
                                        const std::vector<std::string>& asked) {
  return compare_settings(candidate, reference, asked,
                          models(candidate.settings.model_path == reference.settings.model_path))
      .differing;
}

using Change = std::function<void(EngineInfo&)>;

struct Case {
  std::string name;
  Change change;
};

const std::vector<Case> kNumeric = {
    {"model", [](EngineInfo& e) { e.settings.model_path = "no-such-directory/b.gguf"; }},
    {"kv-type", [](EngineInfo& e) { e.settings.kv_type_v = "f32"; }},
    {"flash-attention", [](EngineInfo& e) { e.settings.flash_attention = "on"; }},
    {"weight-layout", [](EngineInfo& e) { e.settings.weight_layout = "CPU_REPACK for q4_0"; }},
    {"rope", [](EngineInfo& e) { e.settings.rope = "base 500000 scale 1"; }},
    {"norm-eps", [](EngineInfo& e) { e.settings.norm_eps = 1e-6; }},
    {"context-class", [](EngineInfo& e) { e.settings.context_class = "long"; }}};

const std::vector<Case> kHarmless = {
    {"threads", [](EngineInfo& e) { e.settings.threads = 2; }},
    {"batch", [](EngineInfo& e) { e.settings.n_batch = 7; }},
    {"micro-batch", [](EngineInfo& e) { e.settings.n_ubatch = 7; }},
    {"context", [](EngineInfo& e) { e.settings.n_ctx = 4096; }},
    {"trained-context", [](EngineInfo& e) { e.settings.n_ctx_train = 1024; }}};

const std::vector<Case> kProvenance = {
    {"isa", [](EngineInfo& e) { e.identity.isa = "avx512"; }},
    {"build", [](EngineInfo& e) { e.identity.build = "clang 19"; }},
    {"libm", [](EngineInfo& e) { e.identity.libm = "glibc 2.41"; }}};

// The one difference that `change` makes on the candidate's side.
SettingDifference only_difference(const Change& change, const std::vector<std::string>& asked) {
  EngineInfo candidate = engine();
  change(candidate);
  const auto found = compared(candidate, engine(), asked);
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? SettingDifference{} : found[0];
}

void bend(std::string& value) { value += "x"; }
void bend(int32_t& value) { ++value; }
void bend(double& value) { value *= 2; }
void bend(bool& value) { value = !value; }
void bend(std::vector<std::string>& value) { value.emplace_back("x"); }

// What the list of fields says of the gate is what it does: nothing is listed and left out.
TEST(Settings, EveryFieldIsComparedAsTheListSays) {
  EngineInfo base = engine();
  base.settings.device = "cpu";
  base.settings.i2s_layout = "x86";
  base.identity.activation_function = "silu";
  const std::map<GateUse, SettingWeight> weights = {{GateUse::prevents, SettingWeight::refused},
                                                    {GateUse::decides, SettingWeight::refused},
                                                    {GateUse::warns, SettingWeight::warned},
                                                    {GateUse::harmless, SettingWeight::recorded},
                                                    {GateUse::provenance, SettingWeight::recorded}};
  const auto expect_all = [&](const auto& fields, auto EngineInfo::* part) {
    for_each_field(fields, [&](const auto& field) {
      EngineInfo bent = base;
      bend(bent.*part.*field.member);
      const auto found = compare_settings(bent, base, {}, models(true)).differing;
      ASSERT_EQ(found.size(), field.gate == GateUse::nothing ? 0U : 1U) << field.name;
      if (found.empty()) return;
      EXPECT_EQ(found[0].weight, weights.at(field.gate)) << field.name;
      EXPECT_NE(found[0].effect, "cannot be compared") << field.name;
      const bool provenance = field.gate == GateUse::provenance;
      EXPECT_EQ(found[0].effect == "changes no number",
                provenance || field.gate == GateUse::harmless)
          << field.name;
    });
  };
  expect_all(kIdentityFields, &EngineInfo::identity);
  expect_all(kSettingsFields, &EngineInfo::settings);
}

TEST(Settings, EqualEnginesDifferInNothing) {
  const auto found = compared(engine(), engine(), {});
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(is_refused(found));
}

TEST(Settings, WhatChangesTheNumbersIsRefusedUnlessAskedFor) {
  for (const Case& c : kNumeric) {
    const auto unasked = only_difference(c.change, {"threads"});
    EXPECT_EQ(unasked.name, c.name);
    EXPECT_EQ(unasked.weight, SettingWeight::refused) << c.name;
    EXPECT_NE(unasked.candidate, unasked.reference) << c.name;
    EXPECT_TRUE(is_refused({unasked})) << c.name;
    const auto asked = only_difference(c.change, {"threads", c.name});
    EXPECT_EQ(asked.weight, SettingWeight::asked) << c.name;
    EXPECT_FALSE(is_refused({asked})) << c.name;
  }
}

// Who says less must not pass more.
TEST(Settings, AKvTypeThatOneEngineKeepsToItselfIsRefused) {
  const Change unsaid = [](EngineInfo& e) {
    e.settings.kv_type_k.clear();
    e.settings.kv_type_v.clear();
  };
  const auto unasked = only_difference(unsaid, {});
  EXPECT_EQ(unasked.name, "kv-type");
  EXPECT_EQ(unasked.candidate, "not stated");
  EXPECT_EQ(unasked.weight, SettingWeight::refused);
  EXPECT_EQ(only_difference(unsaid, {"kv-type"}).weight, SettingWeight::asked);
  EngineInfo a = engine(), b = engine();
  unsaid(a);
  unsaid(b);
  EXPECT_TRUE(compared(a, b, {}).empty());
}

TEST(Settings, WhatShouldNotMatterIsRecordedOrWarnedAbout) {
  for (const Case& c : kHarmless) {
    EXPECT_EQ(only_difference(c.change, {}).name, c.name);
    EXPECT_EQ(only_difference(c.change, {}).weight, SettingWeight::recorded) << c.name;
    const auto variant = [&](EngineInfo& e) {
      c.change(e);
      e.settings.not_invariant_to = {c.name};
    };
    EXPECT_EQ(only_difference(variant, {}).weight, SettingWeight::warned) << c.name;
    EXPECT_FALSE(is_refused({only_difference(variant, {})})) << c.name;
  }
}

TEST(Settings, ProvenanceChangesNoNumberWhereTheArithmeticIsDefined) {
  for (const Case& c : kProvenance) {
    const auto canonical = only_difference(c.change, {});
    EXPECT_EQ(canonical.name, c.name);
    EXPECT_EQ(canonical.weight, SettingWeight::recorded);
    EXPECT_EQ(canonical.effect, "changes no number");
    const auto other = only_difference(
        [&](EngineInfo& e) {
          c.change(e);
          e.settings.not_invariant_to = {"threads"};
        },
        {});
    EXPECT_EQ(other.weight, SettingWeight::recorded);
    EXPECT_TRUE(other.effect.starts_with("may change the last bits")) << other.effect;
  }
}

TEST(Settings, AnotherDeviceIsWarnedAbout) {
  const auto gpu = [](EngineInfo& e) { e.settings.device = "CUDA0"; };
  const auto unasked = only_difference(gpu, {});
  EXPECT_EQ(unasked.name, "device");
  EXPECT_EQ(unasked.weight, SettingWeight::warned);
  EXPECT_EQ(unasked.effect, "another device computes in another order and precision");
  EXPECT_EQ(only_difference(gpu, {"device"}).weight, SettingWeight::asked);
}

TEST(Settings, VocabularyAndAllLogitsAreRefusedWhateverWasAsked) {
  const std::vector<std::string> asked = {"vocabulary", "all-logits"};
  const auto width = only_difference([](EngineInfo& e) { e.settings.n_vocab = 101; }, asked);
  EXPECT_EQ(width.name, "vocabulary");
  EXPECT_EQ(width.candidate, "101");
  EXPECT_EQ(width.reference, "100");
  EXPECT_EQ(width.weight, SettingWeight::refused);
  const auto rows = only_difference([](EngineInfo& e) { e.settings.all_logits = false; }, asked);
  EXPECT_EQ(rows.name, "all-logits");
  EXPECT_EQ(rows.weight, SettingWeight::refused);
  EngineInfo last_only = engine();
  last_only.settings.all_logits = false;
  EXPECT_TRUE(is_refused(compared(last_only, last_only, asked)));
}

TEST(Settings, WhatOneEngineDoesNotStateIsRecorded) {
  const auto rope = only_difference([](EngineInfo& e) { e.settings.rope.clear(); }, {});
  EXPECT_EQ(rope.candidate, "not stated");
  EXPECT_EQ(rope.weight, SettingWeight::recorded);
  const auto eps = only_difference([](EngineInfo& e) { e.settings.norm_eps = 0; }, {});
  EXPECT_EQ(eps.name, "norm-eps");
  EXPECT_EQ(eps.weight, SettingWeight::recorded);
}

TEST(Settings, APlantedFaultWasAskedForOnTheCommandLine) {
  const auto planted = [](EngineInfo& e) {
    e.settings.rope = "base 500000 scale 1";
    e.identity.faults = {"rope-base"};
  };
  EXPECT_EQ(only_difference(planted, {}).weight, SettingWeight::asked);
  const auto other = [](EngineInfo& e) {
    e.settings.kv_type_k = e.settings.kv_type_v = "f32";
    e.identity.faults = {"rope-base"};
  };
  EXPECT_EQ(only_difference(other, {}).weight, SettingWeight::refused);
}

TEST(Settings, WhatIsEqualIsListedAsWell) {
  EngineInfo a = engine(), b = engine();
  b.settings.threads = 2;
  a.settings.rope = b.settings.rope = "";  // neither states it
  const ComparedSettings found = compare_settings(a, b, {}, models(true));
  ASSERT_EQ(found.differing.size(), 1U);
  EXPECT_EQ(found.differing[0].name, "threads");
  std::map<std::string, std::string> equal;
  for (const EqualSetting& setting : found.equal) equal[setting.name] = setting.value;
  EXPECT_EQ(equal.size(), found.equal.size());
  EXPECT_EQ(equal["kv-type"], "f16");
  EXPECT_EQ(equal["vocabulary"], "100");
  EXPECT_EQ(equal["model"], "no-such-directory/a.gguf");
  EXPECT_FALSE(equal.contains("threads"));
  EXPECT_FALSE(equal.contains("rope"));
}

TEST(Settings, TwoNamesOfTheSameModelAreNoDifference) {
  EngineInfo a = engine(), b = engine();
  b.settings.model_path = "no-such-directory/copy-of-a.gguf";
  EXPECT_TRUE(compare_settings(a, b, {}, models(true)).differing.empty());
  const auto found = compare_settings(a, b, {}, models(false)).differing;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "model");
}

TEST(Settings, WhatTwoModelsComputeStandsBesideThem) {
  EngineInfo a = engine(), b = engine();
  b.settings.model_path = "no-such-directory/b.gguf";
  ModelFiles two = models(false);
  two.effect = "all weights are equal, what is computed with them is not";
  two.facts = {{"window", "20", "21", "other keys"},
               {"heads", "8", "8", "other heads"},
               {"norm-eps", "1e-05", "1e-06", "by the engines"}};
  const auto weights = [&](const std::vector<std::string>& asked) {
    std::map<std::string, SettingWeight> found;
    for (const SettingDifference& setting : compare_settings(a, b, asked, two).differing)
      found[setting.name] = setting.weight;
    return found;
  };
  using Weights = std::map<std::string, SettingWeight>;
  EXPECT_EQ(weights({"model"}),
            (Weights{{"model", SettingWeight::asked}, {"window", SettingWeight::asked}}));
  EXPECT_EQ(weights({}),
            (Weights{{"model", SettingWeight::refused}, {"window", SettingWeight::refused}}));
  const ComparedSettings found = compare_settings(a, b, {"model"}, two);
  EXPECT_EQ(found.differing.front().effect, two.effect);
  EXPECT_TRUE(std::ranges::any_of(found.equal,
                                  [](const EqualSetting& equal) { return equal.name == "heads"; }));
  a.settings.norm_eps = 0;  // one of them does not state it
  EXPECT_TRUE(weights({"model"}).contains("norm-eps"));
}

TEST(Settings, TwoModelsThatComputeTheSameAreRecorded) {
  EngineInfo a = engine(), b = engine();
  b.settings.model_path = "no-such-directory/b.gguf";
  ModelFiles two = models(false);
  two.other_numbers = false;
  const auto found = compare_settings(a, b, {}, two).differing;
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "model");
  EXPECT_EQ(found[0].weight, SettingWeight::recorded);
}

TEST(Settings, EpsIsComparedAsTheFloatThatEnginesHold) {
  EngineInfo a = engine(), b = engine();
  a.settings.norm_eps = 1e-5;
  b.settings.norm_eps = static_cast<double>(1e-5F);
  EXPECT_TRUE(compared(a, b, {}).empty());
}

TEST(Settings, AnotherActivationFunctionIsWarnedAboutAndCompared) {
  EngineInfo candidate = engine();
  candidate.identity.activation_function = "squared relu";
  EngineInfo reference = engine();
  reference.identity.activation_function = "silu";
  const auto found = compared(candidate, reference, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "activation");
  EXPECT_EQ(found[0].weight, SettingWeight::warned);
  reference.identity.activation_function = "squared relu";
  EXPECT_TRUE(compared(candidate, reference, {}).empty());
}

}  // namespace
}  // namespace crossval
