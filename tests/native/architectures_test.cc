// One tiny model for each kind of architecture (tests/golden/make_architecture_golden.py), held
// against canonical llama.cpp's logits, and the planted faults that only such models can have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "kernels/kernels.h"
#include "model/architecture.h"
#include "tiny_model.h"

namespace crossval {
namespace {

using namespace testing_support;

class ArchitectureBits : public testing::TestWithParam<const char*> {};

TEST_P(ArchitectureBits, EqualCanonicalForAnyChunksThreadsAndKernels) {
  const std::string model = std::string("arch-") + GetParam();
  int compared = 0;
  for (const KvType kv : {KvType::f16, KvType::f32}) {
    const std::vector<float> golden =
        golden_logits(model + (kv == KvType::f16 ? "-kv-f16" : "-kv-f32"));
    ASSERT_EQ(golden.size(), tiny_ids().size() * 40);
    for (const KernelSet* kernels : kernel_sets()) {
      if (!kernels->supported()) continue;
      ::setenv("CROSSVAL_KERNELS", std::string(kernels->name).c_str(), 1);
      for (const int chunk : {1, 7, 64}) {
        const auto engine =
            make_tiny({.kv = kv, .threads = chunk == 7 ? 3 : 1, .n_batch = chunk}, model + ".gguf");
        ASSERT_NE(engine, nullptr);
        EXPECT_EQ(first_difference(rows_of(*engine, tiny_ids(), 40), golden), -1)
            << kernels->name << ", chunks of " << chunk;
        ++compared;
      }
    }
  }
  ::unsetenv("CROSSVAL_KERNELS");
  EXPECT_GE(compared, 6);
}

INSTANTIATE_TEST_SUITE_P(Tiny, ArchitectureBits,
                         testing::Values("gemma3", "gptneox", "bloom", "gpt-oss", "qwen2moe",
                                         "bitnet", "deci", "minicpm3"));

using Nodes = std::vector<std::pair<std::string, std::vector<float>>>;

/// All nodes but the logits, as name, operation and how often both came before.
Nodes nodes_of(const std::string& model, const std::vector<std::string>& faults) {
  Nodes nodes;
  const auto engine = make_tiny({.faults = faults}, "arch-" + model + ".gguf");
  if (engine == nullptr) return nodes;
  std::map<std::string, int> seen;
  const auto ok = engine->trace({.ids = tiny_ids()}, [&](const TraceTensor& t) {
    if (t.name == "result_output") return true;
    const std::string key = t.name + " " + t.op;
    const int before = seen[key]++;
    nodes.emplace_back(before == 0 ? key : key + " " + std::to_string(before),
                       std::vector<float>(t.data.begin(), t.data.end()));
    return true;
  });
  EXPECT_TRUE(ok.has_value());
  return nodes;
}

/// The first node that both have and whose bits differ.
std::string first_changed(const Nodes& clean, const Nodes& faulty) {
  std::map<std::string, const std::vector<float>*> other;
  for (const auto& [name, data] : faulty) other.try_emplace(name, &data);
  for (const auto& [name, data] : clean) {
    const auto found = other.find(name);
    if (found != other.end() && first_difference(data, *found->second) != -1) return name;
  }
  return {};
}

struct Planted {
  const char* fault;
  const char* model;
  const char* first;
};

class ArchitectureFaults : public testing::TestWithParam<Planted> {};

TEST_P(ArchitectureFaults, ChangeBitsFirstWhereTheyWerePlanted) {
  const Planted& p = GetParam();
  const Nodes clean = nodes_of(p.model, {});
  EXPECT_EQ(first_changed(clean, nodes_of(p.model, {})), "");
  EXPECT_EQ(first_changed(clean, nodes_of(p.model, {p.fault})), p.first);
}

TEST_P(ArchitectureFaults, NeedAModelThatHasWhatTheyBreak) {
  const auto engine =
      make_native_engine({.model_path = data_path("tiny-f16.gguf"), .faults = {GetParam().fault}});
  ASSERT_FALSE(engine.has_value());
  EXPECT_EQ(engine.error().code, ExitCode::usage);
  EXPECT_THAT(engine.error().what, testing::HasSubstr(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(
    Planted, ArchitectureFaults,
    testing::Values(Planted{"layer-heads", "deci", "kq-3 MUL_MAT"},
                    Planted{"stand-in", "deci", "ffn_inp-2 ADD"},
                    Planted{"qk-norm", "gemma3", "norm-0 RMS_NORM 1"},
                    Planted{"window", "gemma3", "kq_soft_max-0 SOFT_MAX"},
                    Planted{"logit-cap", "gemma3", ""},  // no node before the logits changes
                    Planted{"sink", "gpt-oss", "kq_soft_max-0 SOFT_MAX"},
                    Planted{"alibi", "bloom", "kq_soft_max-0 SOFT_MAX"},
                    Planted{"sub-norm", "bitnet", "norm-0 RMS_NORM 1"},
                    Planted{"wrong-expert", "gpt-oss", "ffn_moe_gate-0 MUL_MAT_ID"},
                    Planted{"expert-weights", "qwen2moe", "ffn_moe_weighted-0 MUL"}));

TEST(LogitCapFault, ChangesTheLogits) {
  const auto engine = make_tiny({.faults = {"logit-cap"}}, "arch-gemma3.gguf");
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(first_difference(rows_of(*engine, tiny_ids(), 40), golden_logits("arch-gemma3-kv-f16")),
            0);
}

TEST(Architectures, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Architecture& a : architectures()) {
    EXPECT_TRUE(names.insert(a.name).second) << a.name;
    EXPECT_FALSE(a.examples.empty()) << a.name;
  }
  EXPECT_GE(names.size(), 60U);
}

TEST(Architectures, RefuseByNameWithTheNearest) {
  const std::map<std::string, std::string> nearest = {{"deepseek2", "deepseek"},
                                                      {"mamba2", "llama"},
                                                      {"qwen3next", "qwen3moe"},
                                                      {"gemma4", "gemma3"},
                                                      {"llama5", "llama"}};
  for (const auto& [name, expected] : nearest) {
    const auto found = find_architecture(name);
    ASSERT_FALSE(found.has_value()) << name;
    EXPECT_EQ(found.error().code, ExitCode::bad_input_file);
    EXPECT_THAT(found.error().what, testing::HasSubstr(name));
    EXPECT_THAT(found.error().hint, testing::HasSubstr("Nearest: " + expected + ".")) << name;
  }
  EXPECT_TRUE(find_architecture("deepseek").has_value());
}

}  // namespace
}  // namespace crossval
